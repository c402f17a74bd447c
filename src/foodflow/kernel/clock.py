"""The only clock: the present moment and the identifiers that are made from it."""

from datetime import UTC, datetime
from uuid import UUID

import uuid_utils.compat


def now() -> datetime:
    """The present moment as an aware UTC datetime, to the microsecond."""
    return datetime.now(UTC)


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): unique without coordination, and in order of creation."""
    return uuid_utils.compat.uuid7()
