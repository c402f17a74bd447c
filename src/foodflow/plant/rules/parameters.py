"""Decisions about set points and actuals of batches, and their refusals."""

import math
from collections.abc import Collection, Iterable

from foodflow.kernel.errors import Conflict, FieldError, Invalid, NotFound

MAX_PARAMETERS = 200


class ParameterNotFound(NotFound):
    """The batch has no parameter of this code."""

    code = "plant.parameter.not_found"


class ParameterInUse(Conflict):
    """Actuals were recorded for a parameter that would be left out."""

    code = "plant.parameter.in_use"


class MeasuredBySensor(Conflict):
    """The actual of a parameter with a sensor comes from its readings."""

    code = "plant.parameter.measured"


def require_distinct(codes: Iterable[str]) -> None:
    """A recipe names each parameter once."""
    seen: set[str] = set()
    for place, code in enumerate(codes):
        if code in seen:
            message = f"{code!r} stands here twice"
            raise Invalid.because(FieldError(f"parameters.{place}.code", message, "plant.parameter.twice"))
        seen.add(code)


def require_limits(place: int, low: float | None, high: float | None) -> None:
    """The lower limit is not above the upper one."""
    if low is not None and high is not None and low > high:
        message = f"{low} is above high {high}"
        raise Invalid.because(FieldError(f"parameters.{place}.low", message, "plant.limits_out_of_order"))


def require_unrecorded(codes: Collection[str]) -> None:
    """What has actuals stays in the recipe."""
    if codes:
        raise ParameterInUse(f"actuals are recorded for {', '.join(sorted(codes))}; they have to stay in the recipe")


def require_typed(*, has_sensor: bool, code: str) -> None:
    """A value is noted down where no sensor measures it."""
    if has_sensor:
        raise MeasuredBySensor(f"{code} is measured by a sensor; its actual comes from the readings")


def deviates(
    *,
    set_point: float | None,
    low: float | None,
    high: float | None,
    least: float | None,
    greatest: float | None,
) -> bool | None:
    """Whether an actual went beyond its limits; without limits, whether it is not the set point; None: nobody knows,
    because there is no actual or nothing to hold it against.
    """
    if least is None or greatest is None:
        return None
    if low is None and high is None:
        return None if set_point is None else not (_same(least, set_point) and _same(greatest, set_point))
    return (low is not None and least < low) or (high is not None and greatest > high)


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
