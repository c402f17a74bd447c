"""Decisions about sensors and their readings, and their refusals."""

import math
from collections.abc import Sequence

from foodflow.kernel.errors import Conflict, FieldError, Invalid, NotFound

MAX_LISTED = 20
"""How many wrong rows a refusal names before it only counts them."""


class SensorNotFound(NotFound):
    """No such sensor in this company."""

    code = "plant.sensor.not_found"


class SensorInactive(Conflict):
    """The sensor is out of service and takes no readings."""

    code = "plant.sensor.inactive"


class SensorOfOtherLine(Conflict):
    """The sensor belongs to another line."""

    code = "plant.sensor.other_line"


class ReadingContradicted(Conflict):
    """Another value is stored for the same sensor and moment."""

    code = "plant.reading.contradicted"


class UnknownSensors(Invalid):
    """Readings name sensors that do not exist in this company."""

    code = "plant.readings.unknown_sensor"


def require_limits(low: float | None, high: float | None) -> None:
    """Limits are numbers, and the lower one is not above the upper one; 0 is a limit like any other."""
    for name, limit in (("min_value", low), ("max_value", high)):
        if limit is not None and not math.isfinite(limit):
            raise Invalid.because(FieldError(name, f"{limit} is no limit", "plant.limit_not_finite"))
    if low is not None and high is not None and low > high:
        raise Invalid.because(FieldError("min_value", f"{low} is above max_value {high}", "plant.limits_out_of_order"))


def unknown_sensors(names: Sequence[str], fields: Sequence[str]) -> UnknownSensors:
    """The refusal of a call that names sensors which do not exist, each with the first field that names it."""
    errors = tuple(
        FieldError(field, f"there is no sensor {name}", UnknownSensors.code)
        for name, field in zip(names[:MAX_LISTED], fields[:MAX_LISTED], strict=True)
    )
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    listed = ", ".join(names[:MAX_LISTED])
    return UnknownSensors(f"unknown sensors ({len(names)}): {listed}{more}; nothing was stored", errors=errors)


def is_off_target(value: float | None, breach: int, target: float | None, tolerance: float | None) -> bool:
    """Whether a value is all right and yet further from what is aimed at than it should be."""
    if value is None or breach != 0 or target is None or tolerance is None:
        return False
    return not math.isclose(abs(value - target), tolerance) and abs(value - target) > tolerance


def rows_refused(what: str, field: str, code: str, rows: Sequence[int]) -> list[FieldError]:
    """Name each wrong row by its number in the call, the first of them one by one."""
    errors = [FieldError(f"readings.{row}.{field}", what, code) for row in rows[:MAX_LISTED]]
    if len(rows) > MAX_LISTED:
        errors.append(FieldError("readings", f"{len(rows) - MAX_LISTED} more rows: {field} {what}", code))
    return errors
