"""The list of events: what FoodFlow tells, of whom, to whom, and what follows."""

import ast
import dataclasses
import types
from collections.abc import Iterator
from typing import get_args
from uuid import UUID

from foodflow import composition
from foodflow.kernel.events import Event
from tools.checks.project import Project
from tools.docs.markdown import code, page, table

_INTRO = """
What happened, in the past tense. Each event is stored in the transaction of the deed itself and delivered at least
once, in order for its subject, with an id that stays the same (see [architecture.md](../architecture.md)). Live
channels carry it as `{type, topic, data, sequence}`: the topic is the subject; the data are the fields below and `at`,
the moment at which it was told. A job that follows an event gets the fields.
"""
_FLEETING = """
Sent when a deed commits and not stored: whoever was away loads the present state instead.
"""
_PUBLISH = "foodflow.kernel.live.publish"
_JSON = {str: "text", int: "whole number", float: "number", bool: "true or false", UUID: "UUID", types.NoneType: "null"}


def make(project: Project) -> str:
    """The page."""
    described = (part for event in events() for part in _described(event))
    messages = table(("type", "published by"), ((code(name), code(place)) for name, place in _published(project)))
    return page("Events", _INTRO, *described, "## Fleeting messages", _FLEETING, messages)


def events() -> list[type[Event]]:
    """Every event that the product knows, by type."""
    return sorted(_below(Event), key=lambda event: event.type)


def subject_of(event: type[Event]) -> str:
    """The pattern of an event's subject, such as `plant.line/<line_id>`."""
    return event(**{field.name: f"<{field.name}>" for field in dataclasses.fields(event)}).subject


def followers_of(event: type[Event]) -> list[str]:
    """The jobs that are enqueued after an event, and the listeners that react within its transaction."""
    listening = composition.LISTENERS.get(event, ())
    listeners = [f"listener `{react.__module__}.{getattr(react, '__name__', '')}`" for react in listening]
    return sorted([*listeners, *(f"job `{job.name}`" for job in composition.JOBS if event.type in job.after)])


def _below(event: type[Event]) -> Iterator[type[Event]]:
    for found in event.__subclasses__():
        if found.__module__.startswith("foodflow.") and "type" in vars(found):
            yield found
        yield from _below(found)


def _described(event: type[Event]) -> Iterator[str]:
    followers = ", ".join(followers_of(event))
    facts = (
        f"- subject: {code(subject_of(event))}",
        f"- heard by those who hold {code(event.needs)}",
        f"- followed by {followers}" if followers else "",
    )
    yield f"## `{event.type}`"
    yield (event.__doc__ or "").strip()
    yield "\n".join(filter(None, facts))
    fields = sorted(dataclasses.fields(event), key=lambda field: field.name)
    yield table(("field", "holds"), ((code(field.name), _kind(field.type)) for field in fields))


def _kind(annotation: object) -> str:
    parts = get_args(annotation) or (annotation,)
    return " or ".join(_JSON.get(part, getattr(part, "__name__", str(part))) for part in parts)


def _published(project: Project) -> Iterator[tuple[str, str]]:
    """Type and module of every message that is published without being an event."""
    found = set()
    for module in project.package:
        for call in module.calls():
            if module.dotted(call.func) == _PUBLISH:
                named = next((word.value for word in call.keywords if word.arg == "type"), None)
                found.add((ast.literal_eval(named) if named else "?", ".".join(module.parts)))
    yield from sorted(found)
