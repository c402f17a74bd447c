"""Stays: listed, ended one by one or all others, and counted as begun with a second factor or without."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import tokens as queries
from foodflow.identity.rules import credentials as rules
from foodflow.identity.rules.keys import require_in_person
from foodflow.identity.tables import Token
from foodflow.identity.usecases import tokens
from foodflow.kernel import audit
from foodflow.kernel.actor import Actor
from foodflow.kernel.live import access
from foodflow.kernel.paging import Page, Wanted, fetch

_STAYS = queries.STAYS


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay, as its owner sees it."""

    id: UUID
    kind: Literal["browser", "app"]
    company: str
    created_at: datetime
    last_used_at: datetime
    address: str
    agent: str
    current: bool


async def stays(session: AsyncSession, actor: Actor, wanted: Wanted) -> Page[Stay]:
    """A page of somebody's stays."""
    page = await fetch(session, queries.stays(actor), wanted)
    return Page(page.count, [_seen(token, actor) for token in page.rows])


def _seen(token: Token, actor: Actor) -> Stay:
    return Stay(
        id=token.family,
        kind="browser" if token.kind == "session" else "app",
        company=token.tenant or "",
        created_at=rules.begun_at(token.family),
        last_used_at=token.last_used_at or token.created_at,
        address=token.address,
        agent=token.agent,
        current=_is_present(actor, token),
    )


def _is_present(actor: Actor, stay: Token) -> bool:
    return actor.credential == f"session:{stay.family}"


async def end(session: AsyncSession, actor: Actor, family: UUID) -> None:
    """End one of one's own stays: its tokens, sockets and streams."""
    require_in_person(actor)
    stay = await queries.stay_for_update(session, actor, family)
    await _end(session, actor, stay)


async def end_others(session: AsyncSession, actor: Actor) -> int:
    """End all of one's stays but the present one; returns how many."""
    require_in_person(actor)
    others = [stay for stay in await queries.stays_for_update(session, actor) if not _is_present(actor, stay)]
    for stay in others:
        await _end(session, actor, stay)
    return len(others)


async def end_all(session: AsyncSession, user_id: int, *, but: str = "") -> None:
    """End every stay of somebody in every company, and every sign-in that waits for a code; but the stay that is the
    credential `but`.
    """
    held = await queries.tokens_of_user_for_update(session, user_id, *_STAYS, "challenge")
    for family in {token.family for token in held if f"session:{token.family}" != but}:
        await tokens.end_family(session, family)


async def secure(session: AsyncSession, actor: Actor) -> None:
    """Let the stay that somebody acts out of count as begun with a second factor, which they have just proved."""
    for token in await queries.tokens_of_user_for_update(session, rules.user_of(actor), *_STAYS):
        if _is_present(actor, token) and rules.ONE_TIME_CODE not in token.methods:
            token.methods = [*token.methods, rules.ONE_TIME_CODE]
    await access.changed(session, credential=actor.credential)


async def unsecure(session: AsyncSession, user_id: int) -> None:
    """Let no stay of somebody count as begun with a second factor any longer."""
    for token in await queries.tokens_of_user_for_update(session, user_id, *_STAYS):
        token.methods = [method for method in token.methods if method != rules.ONE_TIME_CODE]
    await access.changed(session, actor=f"user:{user_id}")


async def _end(session: AsyncSession, actor: Actor, stay: Token) -> None:
    await tokens.end_family(session, stay.family)
    audit.record(session, actor, "session.ended", f"session:{stay.family}")
