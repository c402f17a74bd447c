"""Wire shapes of the audit trail."""

import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from foodflow.kernel.paging import Format
from foodflow.kernel.wire import Instant, Out

MAX_SEQUENCE = 2**63 - 1
Name = Annotated[str | None, Field(min_length=1, max_length=255)]
Sequence = Annotated[int, Field(ge=1, le=MAX_SEQUENCE)]


class EntriesWanted(BaseModel):
    """Which entries: of an actor, of a kind of deed, about a thing, of a time; `before` leads on from the last one."""

    model_config = ConfigDict(extra="forbid")

    format: Format = "json"
    actor: Name = None
    action: Name = None
    subject: Name = None
    at__gte: Instant | None = None
    at__lt: Instant | None = None
    before: Sequence | None = None
    page_size: Annotated[int, Field(ge=1, le=500)] = 50

    @field_validator("before", "page_size")
    @classmethod
    def _of_pages(cls, value: int | None, given: ValidationInfo) -> int | None:
        if given.data.get("format") != "json":
            message = "means nothing in an export, which holds all entries"
            raise ValueError(message)
        return value


def _sayable(details: dict[str, Any]) -> Any:  # noqa: ANN401 - as pydantic wants it
    """Half of a surrogate pair can be recorded, but not sent: one entry must not keep the others from being read."""
    return json.loads(json.dumps(details, ensure_ascii=False).encode(errors="replace"))


class EntryOut(Out):
    """An entry of the trail; its hash is SHA-256 over that of the entry before it and its own content."""

    sequence: int
    at: Instant
    actor: str
    action: str
    subject: str
    details: Annotated[dict[str, Any], BeforeValidator(_sayable)]
    hash: Annotated[str, BeforeValidator(bytes.hex)]


class EntriesPage(BaseModel):
    """Entries, newest first, and the address of those before them."""

    next: str | None
    results: list[EntryOut]


class VerdictOut(Out):
    """How many entries hold and the hash of the last of them; the first bad entry, if there is one, and the reason."""

    entries: int
    head: str
    first_bad: int | None
    reason: str
