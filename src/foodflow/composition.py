"""What the composition roots share: which context listens to, works for and answers what."""

from importlib.metadata import version

from foodflow.identity import jobs as identity_jobs
from foodflow.kernel import relay
from foodflow.kernel.db import Database
from foodflow.kernel.events import Listeners
from foodflow.kernel.jobs import Job, PlatformJob
from foodflow.plant import jobs as plant_jobs

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
