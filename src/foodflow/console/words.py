"""Numbers, times and states as people read them."""

import math
from datetime import datetime
from decimal import Decimal

NONE = "—"
STATES = {
    "running": "Running",
    "idle": "Idle",
    "changeover": "Changeover",
    "downtime": "Down",
    "maintenance": "Maintenance",
    "not_scheduled": "Not scheduled",
    "unrecorded": "Not recorded",
}
PRIORITIES = {"critical": "Critical", "high": "High", "medium": "Medium", "low": "Low"}
"""The priorities of alarms, highest first."""
ALARM_STATES = {
    "unacknowledged": "Not acknowledged",
    "acknowledged": "Acknowledged",
    "returned": "Gone, not acknowledged",
    "shelved": "Silenced",
    "closed": "Closed",
}
RULES = {
    "above_limit": "Above limit",
    "below_limit": "Below limit",
    "rate_of_change": "Changes too fast",
    "stuck": "Stuck",
    "gap": "No readings",
    "drift_ewma": "Drift (EWMA)",
    "drift_cusum": "Drift (CUSUM)",
    "western_electric_1": "Far off (Western Electric 1)",
    "western_electric_2": "Two of three far off (Western Electric 2)",
    "western_electric_3": "Four of five off (Western Electric 3)",
    "western_electric_4": "Eight on one side (Western Electric 4)",
    "nelson_2": "Nine on one side (Nelson 2)",
    "nelson_3": "Six rise or fall (Nelson 3)",
    "nelson_4": "Up and down in turn (Nelson 4)",
    "nelson_7": "Too calm (Nelson 7)",
    "nelson_8": "None near the middle (Nelson 8)",
    "learned": "Unlike what was learned",
    "calibration_overdue": "Calibration overdue",
}
"""What can be wrong with a sensor; another rule is called by its own name."""
LOSSES = {
    "breakdowns": "Breakdowns",
    "setup_and_adjustment": "Setup and adjustment",
    "minor_stops": "Idling and minor stops",
    "reduced_speed": "Reduced speed",
    "process_defects": "Process defects",
    "startup_rejects": "Startup rejects",
}
_UNITS = {"1": "", "Cel": "°C", "[degF]": "°F", "K": "K", "Ohm": "Ω", "um": "µm"}
"""The UCUM codes that people write in another way."""
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_MONTH, _YEAR = _DAY * 30.436875, _DAY * 365.2425
_DIGITS = 4
_SMALLEST, _LARGEST = 1e-4, 1e9


def span(seconds: float) -> str:
    """A length of time, coarser the longer it is; the page's module counts on in the same words."""
    if seconds < _MINUTE:
        return "under a minute"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min"
    if seconds < 2 * _DAY:
        return f"{int(seconds // _HOUR)} h {int(seconds % _HOUR // _MINUTE)} min"
    for unit, length, most in (("days", _DAY, 60 * _DAY), ("months", _MONTH, 2 * _YEAR)):
        if seconds < most:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds // _YEAR)} years"


def age(moment: datetime, now: datetime) -> str:
    """How long ago a moment is, without `ago`."""
    return span((now - moment).total_seconds())


def moment(at: datetime) -> str:
    """A moment in UTC, with its seconds where it has any."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at.second else minute(at)


def minute(at: datetime) -> str:
    """A moment in UTC to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def clock_time(at: datetime) -> str:
    """The time of day in UTC."""
    return f"{at:%H:%M} UTC"


def period(start: datetime, end: datetime) -> str:
    """From when to when in UTC; a date that both share is said once."""
    if start == end:
        return moment(start)
    last = moment(end)
    return f"{moment(start).removesuffix(' UTC')} – {last[11:] if start.date() == end.date() else last}"


def number(value: float) -> str:
    """A measured value with four significant digits, never shortening what stands before the decimal point."""
    if value == 0:
        return "0"
    size = abs(value)
    if not _SMALLEST <= size < _LARGEST:
        return f"{value:.3e}"
    decimals = max(0, _DIGITS - 1 - math.floor(math.log10(size)))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: Decimal) -> str:
    """A quantity of items."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(amount: Decimal, currency: str) -> str:
    """An amount with its currency."""
    return f"{amount:,f} {currency}"


def lasting(seconds: float | None) -> str:
    """A length of time, or a dash where there is none."""
    return NONE if seconds is None else span(seconds)


def percent(ratio: float | None) -> str:
    """A ratio in percent, or a dash where there is none."""
    return NONE if ratio is None else f"{100 * ratio:.1f} %"


def unit(code: str) -> str:
    """A UCUM code as it is usually written."""
    return _UNITS.get(code, code)


def with_unit(value: float, code: str) -> str:
    """A measured value with its unit."""
    return f"{number(value)} {unit(code)}".rstrip()


def state(name: str | None) -> str:
    """A line's state."""
    return STATES["unrecorded"] if name is None else STATES.get(name, name)


def rule(name: str) -> str:
    """What an alarm says that is wrong."""
    return RULES.get(name, name.replace("_", " ").capitalize())


def priority(name: str) -> str:
    """How soon somebody has to do something."""
    return PRIORITIES.get(name, name)


def alarm_state(name: str) -> str:
    """Where an alarm stands."""
    return ALARM_STATES.get(name, name)


def sentence(text: str) -> str:
    """What a refusal says, as it stands on a page."""
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".!?…" else f"{text}."


def device(agent: str) -> str:
    """What a browser or program calls itself, as people call it; the first mark that is in it counts."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if not browser:
        return agent[:60] or "a program without a name"
    return f"{browser} on {system}" if system else browser
