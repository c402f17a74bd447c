"""Preconditions: a caller who has seen a thing may say that a deed is meant for that version of it only (`If-Match`,
RFC 9110, section 13.1.1).

An entity tag is `"<version>-<digest>"`. The digest is of the answer, which may also show what belongs to others (a
sensor's latest reading), so that a cached answer is never taken for the present one; a deed is held against the version
alone, and `"<version>"` says as much.
"""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.errors import Stale

ANY = "*"
_EXPECTED = "foodflow.preconditions.expected"
_HEEDED = "foodflow.preconditions.heeded"


class CountsChanges(Protocol):
    """A row that counts its changes, or several that are shown as one."""

    @property
    def version(self) -> int:
        """How often it was changed."""
        ...


def expect(session: AsyncSession, tags: frozenset[str] | None) -> None:
    """Hold the deeds of this transaction against these entity tags, without their quotes; None: nothing is expected."""
    session.info[_EXPECTED] = tags


def require_match(session: AsyncSession, row: CountsChanges) -> None:
    """Refuse when the caller has seen another version of this row; to be called right after the row was locked."""
    session.info[_HEEDED] = True
    tags: frozenset[str] | None = session.info.get(_EXPECTED)
    if tags is None or ANY in tags:
        return
    if str(row.version) not in {tag.partition("-")[0] for tag in tags}:
        raise Stale(f"this has changed in the meantime: it is at version {row.version}; look at it again")


def is_unheeded(session: AsyncSession) -> bool:
    """Whether the caller expected a version that no deed of this transaction was held against."""
    return session.info.get(_EXPECTED) is not None and not session.info.get(_HEEDED, False)
