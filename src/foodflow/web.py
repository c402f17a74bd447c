"""Serving the web process with Granian."""

from fastapi import FastAPI
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from foodflow.parts import begin_part
from foodflow.settings import Settings, load_settings

_SECONDS_TO_END = 4
"""How long open streams may keep a worker from ending."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    begin_part(settings)
    server = Server(
        target="foodflow.web:application",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        log_level=LogLevels.warning,
        workers_kill_timeout=_SECONDS_TO_END,
    )
    server.serve()


def application() -> FastAPI:
    """The application of one worker process, which must not outlive the supervisor either."""
    from foodflow.main import create_app  # noqa: PLC0415 - the main process serves without loading the application

    settings = load_settings()
    begin_part(settings)
    return create_app(settings)
