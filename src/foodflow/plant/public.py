"""What others may use of the plant."""

from foodflow.plant.events import (
    BatchCompleted,
    BatchCreated,
    BatchStarted,
    LimitsBroken,
    LimitsRestored,
    LineStateRecorded,
)

__all__ = [
    "BatchCompleted",
    "BatchCreated",
    "BatchStarted",
    "LimitsBroken",
    "LimitsRestored",
    "LineStateRecorded",
]
