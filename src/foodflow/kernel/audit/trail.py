"""The trail itself: append-only and hash-chained per company.

`record` buffers; `write` chains and stores the entries just before the commit, so that the chain's head is locked
only for the length of a commit. Each entry's hash is SHA-256 over the previous hash and the entry's canonical JSON;
the database role of the company may insert and read entries, not change or delete them.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor

_PENDING = "foodflow.audit.pending"
GENESIS = bytes(32)
"""What stands for the previous hash before the first entry."""

_HEAD = text("SELECT sequence, hash FROM audit_head FOR UPDATE")
_APPEND = text(
    "INSERT INTO audit_entries (sequence, at, actor, action, subject, details, hash) "
    "VALUES (:sequence, :at, :actor, :action, :subject, CAST(:details AS json), :hash)"
)
_MOVE_HEAD = text("UPDATE audit_head SET sequence = :sequence, hash = :hash")
_READ = text(
    "SELECT sequence, at, actor, action, subject, details, hash FROM audit_entries "
    "WHERE sequence > :after ORDER BY sequence LIMIT :limit"
)
# In one statement, so that head and entries are of the same moment, whoever is writing.
_READ_HEAD = text(
    "SELECT h.sequence, h.hash, coalesce((SELECT max(sequence) FROM audit_entries), 0) AS last FROM audit_head AS h"
)
_BEFORE_ALL = -(2**63)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the trail."""

    sequence: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: dict[str, Any]

    def hash_after(self, previous: bytes) -> bytes:
        """This entry's hash in a chain whose last hash was `previous` (32 bytes)."""
        body = [
            self.sequence,
            self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.actor,
            self.action,
            self.subject,
        ]
        canonical = json.dumps([*body, self.details], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(previous + canonical.encode(errors="surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: how many entries hold, the head's hash, and the first bad entry with the reason."""

    entries: int
    head: str
    first_bad: int | None = None
    reason: str = ""


def record(session: AsyncSession, actor: Actor, action: str, subject: object, /, **details: object) -> None:
    """Say in this transaction that `actor` did `action` (`noun.verbed`) to `subject`; details must be JSON-ready or
    have a text form.
    """
    plain = json.loads(json.dumps(details, default=str), parse_constant=str)  # PostgreSQL's JSON knows no NaN
    session.info.setdefault(_PENDING, []).append((clock.now(), actor.id, action, str(subject), plain))


async def write(session: AsyncSession) -> None:
    """Chain and store what was recorded in this transaction; holds the company's chain until the commit."""
    pending = session.info.pop(_PENDING, [])
    if not pending:
        return
    sequence, last = (await session.execute(_HEAD)).one()
    rows = []
    for sequence, fields in enumerate(pending, start=sequence + 1):  # noqa: B020 - counts on from the head
        entry = Entry(sequence, *fields)
        last = entry.hash_after(bytes(last))
        details = json.dumps(entry.details)
        rows.append(
            {"sequence": sequence, "at": entry.at, "actor": entry.actor, "action": entry.action}
            | {"subject": entry.subject, "details": details, "hash": last}
        )
    await session.execute(_APPEND, rows)
    await session.execute(_MOVE_HEAD, {"sequence": sequence, "hash": last})


async def verify(session: AsyncSession, *, page: int = 5000) -> Verdict:
    """Recompute the chain of the session's company; names the first entry that is changed, missing or out of place."""
    chain, after = _Chain(), _BEFORE_ALL
    while True:
        while rows := (await session.execute(_READ, {"after": after, "limit": page})).all():
            for row in rows:
                if reason := chain.objection(Entry(*row[:6]), bytes(row.hash)):
                    return Verdict(chain.count, chain.last.hex(), chain.count + 1, reason)
            after = chain.count
        head = (await session.execute(_READ_HEAD)).one_or_none()
        if head is None or head.last <= chain.count:  # otherwise somebody has added to it while we were reading
            break
    if head is None or (head.sequence, bytes(head.hash)) != (chain.count, chain.last):
        said = "is gone" if head is None else f"says that there are {head.sequence} entries"
        return Verdict(chain.count, chain.last.hex(), chain.count + 1, f"the head {said}")
    return Verdict(chain.count, chain.last.hex())


@dataclass(slots=True)
class _Chain:
    """A chain as far as it has been recomputed."""

    count: int = 0
    last: bytes = GENESIS

    def objection(self, entry: Entry, stored: bytes) -> str:
        """What speaks against an entry as the next one; empty when it fits, and then the chain has grown by it."""
        if entry.sequence > self.count + 1:
            return f"entry {self.count + 1} is missing"
        if entry.sequence <= self.count:
            return f"an entry {entry.sequence} stands before it"
        computed = entry.hash_after(self.last)
        if computed != stored:
            return "its content does not match its hash"
        self.count, self.last = entry.sequence, computed
        return ""
