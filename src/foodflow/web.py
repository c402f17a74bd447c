"""The web process: the application, served."""

from foodflow.kernel.http import serving
from foodflow.main import create_app
from foodflow.parts import begin_part
from foodflow.settings import Settings


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    begin_part(settings)
    app = create_app(settings)
    serving.serve(app, host=settings.host, port=settings.port, end=app.state.hub.close)
