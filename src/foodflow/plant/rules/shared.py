"""Decisions about times, names and sites that every part of the plant shares."""

from datetime import UTC, datetime, timedelta

from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Conflict, FieldError, Invalid

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""The first moment that readings, states and counts may carry: FoodFlow keeps a partition for each month since."""
CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead of our clock a reporter's clock may be."""
MAX_WINDOW = timedelta(days=366 * 5)
SIMULATED_PLANT = "Simulated plant"
"""The name of the plant that simulated lines belong to, so that nobody takes them for real ones."""
MAX_NUMBER, MAX_CODE, MAX_UNIT, MAX_NAME = 50, 100, 50, 255
"""Characters of a line's number, a sensor's code, a unit and a name."""


class Taken(Conflict):
    """A number or code that must be unique is in use."""

    code = "plant.taken"


class NotSimulated(Conflict):
    """A line or sensor that the simulation would play on is a real one."""

    code = "plant.not_simulated"


class InUse(Conflict):
    """History would be lost; archive instead."""

    code = "plant.in_use"


def require_simulated(plant_name: str, *, number: str) -> None:
    """The simulation records nothing on a line that might be a real one."""
    if plant_name != SIMULATED_PLANT:
        raise NotSimulated(f"line {number} is a line of your own, not a simulated one; the simulation leaves it alone")


def require_own_site(actor: Actor, site: str) -> None:
    """Nobody puts a line where they could not see it."""
    if not actor.is_for(site):
        own = ", ".join(sorted(actor.sites or ())) or "none"
        message = f"{site!r} is not among your sites: {own}"
        raise Invalid.because(FieldError("plant_name", message, "plant.line.other_site"))


def require_recordable(at: datetime, now: datetime, *, field: str = "at") -> None:
    """Something can be recorded from the year 2000 until now (by a clock that is a little fast)."""
    if not EARLIEST <= at <= now + CLOCK_TOLERANCE:
        message = f"must lie between {EARLIEST:%Y-%m-%d} and now; {at.isoformat()} does not"
        raise Invalid.because(FieldError(field, message, "plant.time_out_of_range"))


def window(start: datetime | None, end: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """The window that a question is about: by default the last 24 hours, never beyond now."""
    last = min(end, now) if end is not None else now
    if last <= EARLIEST:
        message = f"must lie after {EARLIEST:%Y-%m-%d}; {last.isoformat()} does not"
        raise Invalid.because(FieldError("end_time", message, "plant.time_out_of_range"))
    first = start if start is not None else last - timedelta(hours=24)
    if not first < last:
        message = f"the window from {first.isoformat()} to {last.isoformat()} is empty"
        raise Invalid.because(FieldError("start_time", message, "plant.window_empty"))
    if last - first > MAX_WINDOW:
        raise Invalid.because(FieldError("start_time", "the window is longer than five years", "plant.window_too_long"))
    return first, last


def require_name(field: str, name: str, *, longest: int) -> None:
    """A number, code or name that comes from a file or the command line is as long as one that comes in a body."""
    if not name.strip() or len(name) > longest:
        message = f"must have 1 to {longest} characters; {name[:40]!r} has {len(name)}"
        raise Invalid.because(FieldError(field, message, "plant.name_length"))
