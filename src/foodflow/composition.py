"""What the composition roots share: which context listens to, works for and answers what."""

from importlib.metadata import version

from foodflow.identity import jobs as identity_jobs
from foodflow.identity.usecases.personal import Forgetting, RecordsOf
from foodflow.kernel import relay
from foodflow.kernel.db import Database
from foodflow.kernel.event_log import jobs as event_log_jobs
from foodflow.kernel.events import Listeners
from foodflow.kernel.jobs import Job, PlatformJob
from foodflow.live import jobs as live_jobs
from foodflow.live.public import personal as live_personal
from foodflow.plant import jobs as plant_jobs
from foodflow.plant import public as plant

VERSION = version("foodflow")
EVENTS_KEPT_DAYS = 30

LISTENERS: Listeners = {}
JOBS: tuple[Job, ...] = (*identity_jobs.JOBS, *live_jobs.JOBS, *plant_jobs.JOBS, *event_log_jobs.JOBS)
PERSONAL: RecordsOf = {"live": live_personal.recorded_by, "plant": plant.recorded_by}
"""What each part of the business has recorded by a person, for whoever asks for their own data."""
FORGETTING: Forgetting = (live_personal.forget,)
"""What takes the name of somebody who is erased out of what each part of the business has recorded."""


async def _forget_delivered_events(database: Database) -> None:
    await relay.forget_delivered(database, older_than_days=EVENTS_KEPT_DAYS)


PERIODIC: tuple[PlatformJob, ...] = (
    *identity_jobs.PERIODIC,
    *live_jobs.PERIODIC,
    *plant_jobs.PERIODIC,
    *event_log_jobs.PERIODIC,
    PlatformJob("events.forget_delivered", "47 2 * * *", _forget_delivered_events),
)
