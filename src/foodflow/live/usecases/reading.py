"""How activities as they are stored read their answers."""

from foodflow.live.rules.activities.kind import Step
from foodflow.live.rules.recording import Reading, reading_of
from foodflow.live.tables.activities import LiveActivity


def step_of(activity: LiveActivity) -> Step:
    """Where an activity stands among its questions."""
    return Step(activity.step, activity.step_opened_at, activity.closes_at, activity.is_revealed)


def read(activity: LiveActivity) -> Reading | None:
    """How an activity reads its answers, or None where no kind can."""
    return reading_of(
        activity.type, activity.config, state=activity.state, step=step_of(activity), expires_at=activity.expires_at
    )
