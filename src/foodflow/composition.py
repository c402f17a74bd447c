"""What the composition roots share: which context listens to, works for and answers what."""

from importlib.metadata import version

from foodflow.identity import jobs as identity_jobs
from foodflow.kernel import relay
from foodflow.kernel.db import Database
from foodflow.kernel.events import Listeners
from foodflow.kernel.jobs import Job, PlatformJob
from foodflow.plant import jobs as plant_jobs
from foodflow.settings import Settings, SettingsError

VERSION = version("foodflow")
EVENTS_KEPT_DAYS = 30

LISTENERS: Listeners = {}
JOBS: tuple[Job, ...] = (*plant_jobs.JOBS,)


async def _forget_delivered_events(database: Database) -> None:
    await relay.forget_delivered(database, older_than_days=EVENTS_KEPT_DAYS)


PERIODIC: tuple[PlatformJob, ...] = (
    *identity_jobs.PERIODIC,
    PlatformJob("events.forget_delivered", "47 2 * * *", _forget_delivered_events),
)


def required(settings: Settings) -> tuple[str, str]:
    """The database's URL and the secret key, which a part cannot do without."""
    if settings.database_url is None:
        message = "DATABASE_URL is not set; `foodflow up` starts everything with a database of its own"
        raise SettingsError(message)
    if settings.secret_key is None:
        message = "FOODFLOW_SECRET_KEY is not set; `foodflow up` makes one and keeps it"
        raise SettingsError(message)
    return settings.database_url, settings.secret_key.get_secret_value()
