"""Types of events as people name several: `plant.batch.started`, or `plant.batch.*` for all below."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

_OURS = "foodflow."

TypePattern = Annotated[
    str,
    Field(max_length=200, pattern=r"^(\*|[a-z0-9_]+(\.[a-z0-9_]+)*(\.\*)?)$"),
    AfterValidator(lambda pattern: pattern.removeprefix(_OURS) or pattern),
]
"""A type as we tell it or as CloudEvents carry it (`foodflow.` before it), or a beginning of types with `.*`."""


def matches(patterns: Iterable[str], type: str) -> bool:  # noqa: A002 - the field's word
    """Whether one of the patterns means this type."""
    return any(_matches(pattern, type) for pattern in patterns)


def _matches(pattern: str, type: str) -> bool:  # noqa: A002 - the field's word
    if pattern == "*":
        return True
    if pattern.endswith(".*"):
        return type.startswith(pattern[:-1])
    return type == pattern
