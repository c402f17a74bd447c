"""The types of events that FoodFlow tells, each with the JSON Schema of its data."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from foodflow.kernel.errors import NotFound
from foodflow.kernel.events import Event

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class TypeNotFound(NotFound):
    """FoodFlow tells no events of this type."""

    code = "events.type_not_found"


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of event: what it means, who may hear of it, and what its data hold."""

    type: str
    description: str
    needs: str
    data_schema: dict[str, Any]


@cache
def kinds() -> dict[str, Kind]:
    """Every type by its name; all contexts are known by the time that somebody asks."""
    return {event.type: _kind(event) for event in sorted(set(_below(Event)), key=lambda event: event.type)}


def kind(type: str) -> Kind:  # noqa: A002 - the field's word
    """The kind of a type, or a refusal."""
    found = kinds().get(type.removeprefix("foodflow."))
    if found is None:
        raise TypeNotFound(f"there is no event type {type!r}")
    return found


def _below(event: type[Event]) -> Iterator[type[Event]]:
    for found in event.__subclasses__():
        if found.__module__.startswith("foodflow.") and "type" in vars(found):
            yield found
        yield from _below(found)


def _kind(event: type[Event]) -> Kind:
    schema = TypeAdapter(event).json_schema(mode="serialization")
    named = {"$schema": _DIALECT, **schema, "title": event.type}
    return Kind(event.type, inspect.getdoc(event) or "", event.needs, named)
