"""What others may use of the plant: its events, and the board of its lines."""

from foodflow.plant.events.alarms import (
    AlarmAcknowledged,
    AlarmClosed,
    AlarmFloodBegan,
    AlarmFloodEnded,
    AlarmSilenced,
    AnomalyCleared,
    AnomalyRaised,
)
from foodflow.plant.events.batches import (
    BatchCancelled,
    BatchCompleted,
    BatchCreated,
    BatchHeld,
    BatchResumed,
    BatchStarted,
    ScrapDetected,
)
from foodflow.plant.events.lines import LineStateRecorded
from foodflow.plant.events.sensors import LimitsBroken, LimitsRestored
from foodflow.plant.events.trials import TrialCancelled, TrialCompleted, TrialStarted
from foodflow.plant.rules.lines import LineNotFound, LineState
from foodflow.plant.usecases.board import Board, board, figures, line_card
from foodflow.plant.usecases.cards import BatchProgress, Figures, LineCard, ListedExcursion, SensorCard
from foodflow.plant.usecases.effectiveness import LineEffectiveness
from foodflow.plant.usecases.personal import recorded_by
from foodflow.plant.usecases.selection import CHARTS, Choice
from foodflow.plant.usecases.traces import Point, Trace, TracedExcursion

__all__ = [
    "CHARTS",
    "AlarmAcknowledged",
    "AlarmClosed",
    "AlarmFloodBegan",
    "AlarmFloodEnded",
    "AlarmSilenced",
    "AnomalyCleared",
    "AnomalyRaised",
    "BatchCancelled",
    "BatchCompleted",
    "BatchCreated",
    "BatchHeld",
    "BatchProgress",
    "BatchResumed",
    "BatchStarted",
    "Board",
    "Choice",
    "Figures",
    "LimitsBroken",
    "LimitsRestored",
    "LineCard",
    "LineEffectiveness",
    "LineNotFound",
    "LineState",
    "LineStateRecorded",
    "ListedExcursion",
    "Point",
    "ScrapDetected",
    "SensorCard",
    "Trace",
    "TracedExcursion",
    "TrialCancelled",
    "TrialCompleted",
    "TrialStarted",
    "board",
    "figures",
    "line_card",
    "recorded_by",
]
