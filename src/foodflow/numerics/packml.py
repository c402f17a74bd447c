"""What machines say of themselves, and what it means: PackML (ANSI/ISA-TR88.00.02) to line states and SEMI E10.

A machine reports one of 17 states, in one unit mode. The mode decides first: in production, and in trials, the state
says what the line is doing; in any other mode the line makes nothing, whatever its state.

| PackML state in production | line state | why |
|---|---|---|
| Execute | running | it makes something |
| Idle, Starting, Resetting, Completing, Complete, Stopping, Stopped | idle | ready, on its way, or stopped by command |
| Suspending, Suspended, Unsuspending | idle | waits for what comes before or after it |
| Holding, Held, Unholding | downtime | stopped by something inside it |
| Aborting, Aborted, Clearing | downtime | a fault |

| unit mode | line state | SEMI E10 |
|---|---|---|
| production | as above | as below |
| trial | as above | engineering |
| changeover | changeover | scheduled down |
| cleaning, maintenance | maintenance | scheduled down |
| manual | downtime | unscheduled down |

| line state | SEMI E10 |
|---|---|
| running | productive |
| idle | standby |
| changeover, maintenance | scheduled down |
| downtime | unscheduled down |
| not_scheduled | non-scheduled |
| unrecorded | none: nobody knows |
"""

from enum import StrEnum
from typing import Final


class PackmlState(StrEnum):
    """The states of a machine by ISA-TR88.00.02."""

    CLEARING = "clearing"
    STOPPED = "stopped"
    STARTING = "starting"
    IDLE = "idle"
    SUSPENDED = "suspended"
    EXECUTE = "execute"
    STOPPING = "stopping"
    ABORTING = "aborting"
    ABORTED = "aborted"
    HOLDING = "holding"
    HELD = "held"
    UNHOLDING = "unholding"
    SUSPENDING = "suspending"
    UNSUSPENDING = "unsuspending"
    RESETTING = "resetting"
    COMPLETING = "completing"
    COMPLETE = "complete"


class UnitMode(StrEnum):
    """The mode that a machine is in: the standard's three, and those that food plants add."""

    PRODUCTION = "production"
    MAINTENANCE = "maintenance"
    MANUAL = "manual"
    CHANGEOVER = "changeover"
    CLEANING = "cleaning"
    TRIAL = "trial"


class E10State(StrEnum):
    """The six states of SEMI E10, to which all time belongs."""

    PRODUCTIVE = "productive"
    STANDBY = "standby"
    ENGINEERING = "engineering"
    SCHEDULED_DOWN = "scheduled_down"
    UNSCHEDULED_DOWN = "unscheduled_down"
    NON_SCHEDULED = "non_scheduled"


NUMBERS: Final[dict[int, PackmlState]] = dict(enumerate(PackmlState, start=1))
"""States by the number that a machine's tag `StateCurrent` carries."""

_DOWN: Final = frozenset({
    PackmlState.HOLDING, PackmlState.HELD, PackmlState.UNHOLDING,
    PackmlState.ABORTING, PackmlState.ABORTED, PackmlState.CLEARING,
})  # fmt: skip
_OF_MODE: Final = {
    UnitMode.MAINTENANCE: "maintenance",
    UnitMode.CLEANING: "maintenance",
    UnitMode.CHANGEOVER: "changeover",
    UnitMode.MANUAL: "downtime",
}
_E10: Final = {
    "running": E10State.PRODUCTIVE,
    "idle": E10State.STANDBY,
    "changeover": E10State.SCHEDULED_DOWN,
    "maintenance": E10State.SCHEDULED_DOWN,
    "downtime": E10State.UNSCHEDULED_DOWN,
    "not_scheduled": E10State.NON_SCHEDULED,
}


def line_state(state: PackmlState, mode: UnitMode = UnitMode.PRODUCTION) -> str:
    """What a line is doing whose machine is in a state and a mode."""
    if mode in _OF_MODE:
        return _OF_MODE[mode]
    if state is PackmlState.EXECUTE:
        return "running"
    return "downtime" if state in _DOWN else "idle"


def e10_state(state: str, mode: str | None = None) -> E10State | None:
    """The SEMI E10 state of a line that is in a state, in a unit mode if one was reported; None where nobody knows.

    Whatever a line does in a trial, from its start to its faults, is engineering time.
    """
    if mode == UnitMode.TRIAL and state in {"running", "idle", "downtime"}:
        return E10State.ENGINEERING
    return _E10.get(state)
