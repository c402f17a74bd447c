"""Decisions about questions of effectiveness and losses over many lines."""

from collections.abc import Collection
from enum import StrEnum

from foodflow.kernel.errors import FieldError, Invalid

MOST_SLICES = 20_000
"""Lines times shifts or days that one question may be about."""


class GroupBy(StrEnum):
    """What effectiveness and losses are told apart by."""

    LINE = "line"
    SITE = "plant_name"
    PRODUCT = "product_code"
    SHIFT = "shift"
    DAY = "day"


def require_slices(count: int) -> None:
    """A question is about a number of slices that can be answered at once."""
    if count > MOST_SLICES:
        message = f"{count} lines times shifts or days; ask for fewer lines or a shorter window (at most {MOST_SLICES})"
        raise Invalid.because(FieldError("group_by", message, "plant.losses.too_many_slices"))


def require_once(groups: Collection[GroupBy]) -> None:
    """Nothing is told apart by the same thing twice."""
    if len(set(groups)) < len(groups):
        raise Invalid.because(FieldError("group_by", "names the same twice", "plant.losses.group_repeated"))
