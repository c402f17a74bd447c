"""Kept answers: a call that is made twice with one `Idempotency-Key` is done once, and answered the same both times
(draft-ietf-httpapi-idempotency-key-header).

The answer is stored in the transaction of the deed itself, so that a crash leaves both or neither; bodies are sealed,
because an answer may carry a secret that is shown once.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from psycopg.errors import LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Conflict, FieldError, Invalid
from foodflow.kernel.sealing import BrokenSealError, Sealer

KEPT = timedelta(hours=24)
_TO_KEEP = "foodflow.answers.to_keep"

_LOCK = text("SELECT pg_advisory_xact_lock(:lock)")
_FIND = text("SELECT fingerprint, status, headers, sealed_body FROM answers WHERE call = :call AND created_at > :since")
_KEEP = text(
    "INSERT INTO answers (call, fingerprint, status, headers, sealed_body, created_at)"
    " VALUES (:call, :fingerprint, :status, CAST(:headers AS json), :sealed_body, :now)"
    " ON CONFLICT (call) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,"
    " headers = excluded.headers, sealed_body = excluded.sealed_body, created_at = excluded.created_at"
)
# A few with each new one: there are never many more than a day's, and nobody waits for their removal.
_FORGET = text(
    "DELETE FROM answers WHERE call IN (SELECT call FROM answers WHERE created_at <= :since"
    " ORDER BY created_at LIMIT 10 FOR UPDATE SKIP LOCKED)"
)


class InProgress(Conflict):
    """The first call with this key is not done yet."""

    code = "idempotency.in_progress"


class OtherRequest(Invalid):
    """The key was used for another request."""

    code = "idempotency.other_request"


class AnswerLost(Conflict):
    """The deed was done, but its answer can no longer be read."""

    code = "idempotency.answer_lost"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that may come again: `id` is the hash of who called what with which key, `fingerprint` that of what was
    sent.
    """

    id: bytes
    fingerprint: bytes

    @classmethod
    def of(cls, actor: Actor, request: str, key: str, *, sent: bytes) -> "Call":
        """The call of an actor to a request (`POST /api/v1/…`) with a key, and all that was sent with it."""
        whole = json.dumps([actor.tenant, actor.id, request, key])
        return cls(hashlib.sha256(whole.encode()).digest(), hashlib.sha256(sent).digest())

    @property
    def lock(self) -> int:
        """The number of the lock that two of this call at once wait for."""
        return int.from_bytes(self.id[:8], signed=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call was answered with."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def kept(session: AsyncSession, call: Call, sealer: Sealer) -> Answer | None:
    """The answer of this call if it was made before; the second of two at once waits here until the first is done."""
    try:
        await session.execute(_LOCK, {"lock": call.lock})
    except DBAPIError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise InProgress("the first call with this Idempotency-Key is still in progress; try again") from error
        raise
    found = (await session.execute(_FIND, {"call": call.id, "since": clock.now() - KEPT})).one_or_none()
    if found is None:
        return None
    if bytes(found.fingerprint) != call.fingerprint:
        message = "was used for another request; a new request needs a new key"
        raise OtherRequest.because(FieldError("Idempotency-Key", message, OtherRequest.code))
    try:
        return Answer(found.status, found.headers, sealer.open(bytes(found.sealed_body)))
    except BrokenSealError as error:
        raise AnswerLost("this was done, but its answer was sealed with another secret key") from error


def keep(session: AsyncSession, call: Call, answer: Answer, sealer: Sealer) -> None:
    """Keep the answer of a call, if and when this transaction commits."""
    session.info[_TO_KEEP] = {
        "call": call.id,
        "fingerprint": call.fingerprint,
        "status": answer.status,
        "headers": json.dumps(dict(answer.headers)),
        "sealed_body": sealer.seal(answer.body),
    }


async def write(session: AsyncSession) -> None:
    """Store the answer that this transaction is to keep, and forget a few that are too old."""
    to_keep = session.info.pop(_TO_KEEP, None)
    if to_keep is not None:
        now = clock.now()
        await session.execute(_KEEP, {**to_keep, "now": now})
        await session.execute(_FORGET, {"since": now - KEPT})
