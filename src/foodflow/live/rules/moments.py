"""Decisions about moments that stand in a path."""

from datetime import UTC, datetime

from foodflow.kernel.errors import Malformed


class NoMoment(Malformed):
    """The text is no moment; the contract wants 400 here."""

    code = "live.moment.unreadable"


def moment_of(text: str) -> datetime:
    """The moment that a text says in ISO 8601, in UTC where it names no zone; the `+` of an offset may have become a
    space on the way.
    """
    try:
        said = datetime.fromisoformat(text.replace(" ", "+"))
        return said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)
    except (ValueError, OverflowError):
        raise NoMoment(f"{text!r} is no moment such as 2026-01-31T08:00:00Z") from None
