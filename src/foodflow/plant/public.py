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
from foodflow.plant.queries.alarms import LISTING as ALARMS
from foodflow.plant.rules.alarms import AlarmState, Priority
from foodflow.plant.rules.lines import LineNotFound, LineState
from foodflow.plant.usecases.alarm_figures import Summary, summary
from foodflow.plant.usecases.alarm_views import (
    AlarmShown,
    DeedShown,
    OpenAlarms,
    alarm_history,
    alarm_page,
    end_alarm,
    hush_alarm,
    open_alarms,
    see_alarm,
    see_alarms,
    unhush_alarm,
)
from foodflow.plant.usecases.board import Board, board, figures, line_card
from foodflow.plant.usecases.cards import BatchProgress, Figures, LineCard, ListedExcursion, SensorCard
from foodflow.plant.usecases.effectiveness import LineEffectiveness
from foodflow.plant.usecases.line_views import NamedLine, named_lines
from foodflow.plant.usecases.personal import recorded_by
from foodflow.plant.usecases.selection import CHARTS, Choice
from foodflow.plant.usecases.traces import Point, Trace, TracedExcursion

__all__ = [
    "ALARMS",
    "CHARTS",
    "AlarmAcknowledged",
    "AlarmClosed",
    "AlarmFloodBegan",
    "AlarmFloodEnded",
    "AlarmShown",
    "AlarmSilenced",
    "AlarmState",
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
    "DeedShown",
    "Figures",
    "LimitsBroken",
    "LimitsRestored",
    "LineCard",
    "LineEffectiveness",
    "LineNotFound",
    "LineState",
    "LineStateRecorded",
    "ListedExcursion",
    "NamedLine",
    "OpenAlarms",
    "Point",
    "Priority",
    "ScrapDetected",
    "SensorCard",
    "Summary",
    "Trace",
    "TracedExcursion",
    "TrialCancelled",
    "TrialCompleted",
    "TrialStarted",
    "alarm_history",
    "alarm_page",
    "board",
    "end_alarm",
    "figures",
    "hush_alarm",
    "line_card",
    "named_lines",
    "open_alarms",
    "recorded_by",
    "see_alarm",
    "see_alarms",
    "summary",
    "unhush_alarm",
]
