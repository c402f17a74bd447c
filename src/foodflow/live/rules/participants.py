"""Decisions about participants: names, presence, and the token that keeps somebody who they are."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Conflict, FieldError, Forbidden, Invalid, Malformed, NotFound
from foodflow.kernel.tenancy import TenantName

ONLINE, IDLE = timedelta(seconds=30), timedelta(seconds=120)
"""How long ago somebody was last seen who is online, and who is idle; after that they are disconnected."""
MAX_NICKNAME: Final = 50
TOKEN_PREFIX: Final = "lp_"  # noqa: S105 - what tokens begin with
_SIGNATURE_BYTES = 18
_CREDENTIAL: Final = "participation:"


class Presence(StrEnum):
    """Whether a participant is there."""

    ONLINE = "online"
    IDLE = "idle"
    DISCONNECTED = "disconnected"


class ParticipantRole(StrEnum):
    """What somebody is in a session."""

    PARTICIPANT = "participant"
    VIEWER = "viewer"
    FACILITATOR = "facilitator"


class ParticipantNotFound(NotFound):
    """No such participant in this company."""

    code = "live.participant.not_found"


class NicknameTaken(Malformed):
    """The nickname and all that would be suggested for it are taken; the contract wants 400 here."""

    code = "live.nickname.taken"


class NicknameUnfit(Invalid):
    """The nickname is not one to be read aloud in front of everybody."""

    code = "live.nickname.unfit"

    def __init__(self) -> None:
        message = "choose another one: everybody will read it"
        super().__init__(f"nickname: {message}", errors=(FieldError("nickname", message, self.code),))


class ParticipantRemoved(Conflict):
    """A facilitator has removed this participant, and may let them back in."""

    code = "live.participant.removed"


class NotYours(Forbidden):
    """A participant acts as itself; for others only a facilitator does."""

    code = "live.participant.not_yours"


@dataclass(frozen=True, slots=True)
class Participation:
    """What a participant token says: somebody's place in one session of one company."""

    tenant: str
    session_id: int
    participant_id: int


def presence(last_seen: datetime, now: datetime) -> Presence:
    """Whether somebody who was last seen then is there now."""
    gone = now - last_seen
    if gone < ONLINE:
        return Presence.ONLINE
    return Presence.IDLE if gone < IDLE else Presence.DISCONNECTED


def sign(key: bytes, participation: Participation) -> str:
    """The token of a place in a session (HMAC-SHA-256, RFC 2104): good as long as the place is there."""
    said = f"{participation.tenant}.{participation.session_id}.{participation.participant_id}"
    return f"{TOKEN_PREFIX}{said}.{_signature(key, said)}"


def read_token(key: bytes, token: str) -> Participation | None:
    """What a token says, or None where it was not signed with this key."""
    said, _, signature = token.removeprefix(TOKEN_PREFIX).rpartition(".")
    if not token.startswith(TOKEN_PREFIX) or not hmac.compare_digest(
        signature.encode(), _signature(key, said).encode()
    ):
        return None
    tenant, session_id, participant_id = said.split(".")
    return Participation(tenant, int(session_id), int(participant_id))


def participant_actor(participation: Participation) -> Actor:
    """A participant as an actor, who may take part in their session and nothing else."""
    place = f"{participation.session_id}:{participation.participant_id}"
    return Actor(
        _actor_id(participation.participant_id),
        TenantName(participation.tenant),
        permissions=frozenset({"live.take_part"}),
        credential=f"{_CREDENTIAL}{place}",
        is_visitor=True,
    )


def _actor_id(participant_id: int) -> str:
    return f"participant:{participant_id}"


def require_may_return(participant_id: int, removed_by: str | None) -> None:
    """Who gave up their place may have it back; who was sent out is let in again by a facilitator alone."""
    if removed_by not in {None, _actor_id(participant_id)}:
        raise ParticipantRemoved("a facilitator has sent you out, and may let you in again")


def participation_of(actor: Actor) -> Participation | None:
    """The place that an actor holds by a participant token; None for everybody else."""
    if not actor.credential.startswith(_CREDENTIAL):
        return None
    session_id, _, participant_id = actor.credential.removeprefix(_CREDENTIAL).partition(":")
    return Participation(actor.tenant, int(session_id), int(participant_id))


def token_key(secret_key: str) -> bytes:
    """The key of participant tokens, made of the installation's, so that one token never passes for another kind."""
    return hmac.digest(secret_key.encode(), b"foodflow participant token", hashlib.sha256)


def _signature(key: bytes, said: str) -> str:
    digest = hmac.digest(key, said.encode(), hashlib.sha256)[:_SIGNATURE_BYTES]
    return base64.urlsafe_b64encode(digest).decode()


def require_self_or_facilitator(actor: Actor, participant_id: int) -> None:
    """Nobody acts for somebody else's place but a facilitator."""
    place = participation_of(actor)
    if not actor.may("live.facilitate") and (place is None or place.participant_id != participant_id):
        raise NotYours("this is somebody else's place; a facilitator may do this, and they themselves")


def person_of(actor: Actor) -> str:
    """Who has a place, where it is somebody of the company who has signed in; nobody in particular for guests, and for
    programs, whose keys make places for others.
    """
    is_person = actor.id.startswith("user:") and not actor.is_visitor and not actor.credential.startswith("key:")
    return actor.id if is_person else ""
