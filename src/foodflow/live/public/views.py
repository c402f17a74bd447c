"""Live sessions as pages show them: one by its number or its join code, and all of a company."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.live.queries import sessions as session_queries
from foodflow.live.queries import views as queries
from foodflow.live.rules.purposes import TEMPLATES, Template
from foodflow.live.rules.sessions import (
    MAX_CAPACITY,
    Admission,
    MembersOnly,
    Purpose,
    SessionNotFound,
    SessionStatus,
)
from foodflow.live.tables.sessions import LiveSession

__all__ = [
    "MAX_CAPACITY",
    "TEMPLATES",
    "Admission",
    "MembersOnly",
    "Purpose",
    "SessionNotFound",
    "SessionPage",
    "SessionShown",
    "SessionStatus",
    "Template",
    "join_address",
    "session_by_code",
    "session_view",
    "sessions_list",
    "templates_as_data",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionShown:
    """A live session as a page shows it; `code` is the join code, and empty for who may not hand it on."""

    id: int
    title: str
    description: str
    status: SessionStatus
    purpose: Purpose
    site: str
    line_id: UUID | None
    code: str
    participants: int
    max_participants: int
    admission: Admission
    shows_leaderboard: bool
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Some of the live sessions of a company, and how many there are in all."""

    sessions: Sequence[SessionShown]
    total: int


async def session_view(session: AsyncSession, actor: Actor, id: int) -> SessionShown:
    """A live session by its number; refuses what is not there, and guests where it is for people of the company."""
    return _shown(actor, await session_queries.live_session(session, actor, id))


async def session_by_code(session: AsyncSession, actor: Actor, code: str) -> SessionShown:
    """A live session by its join code, however it was typed; refuses as `session_view` does."""
    return _shown(actor, await queries.session_with_code(session, actor, code.strip().upper()))


async def sessions_list(session: AsyncSession, actor: Actor, *, page: int, per_page: int) -> SessionPage:
    """A page (from 1) of the live sessions that an actor may see: what goes on, what is to come, what is over."""
    found, total = await queries.listed_sessions(session, actor, offset=(page - 1) * per_page, limit=per_page)
    return SessionPage([_shown(actor, each) for each in found], total)


def join_address(public_url: str, actor: Actor, code: str, *, default_tenant: str) -> str:
    """Where a phone finds a session: guests are of the company that the host names, or of the default one, so that a
    link to a session of another company names it.
    """
    if actor.tenant == default_tenant:
        return f"{public_url}/join/{code}"
    base = urlsplit(public_url)
    host = base.netloc if base.netloc.startswith(f"{actor.tenant}.") else f"{actor.tenant}.{base.netloc}"
    return f"{base.scheme}://{host}/join/{code}"


def templates_as_data() -> Mapping[str, Any]:
    """The templates by purpose, JSON-ready, for the form that makes a session of one."""
    return {
        purpose: {
            "title": template.title,
            "activities": [
                {"activity_type": each.type, "title": each.title, "configuration": each.configuration}
                for each in template.activities
            ],
        }
        for purpose, template in TEMPLATES.items()
    }


def _shown(actor: Actor, found: LiveSession) -> SessionShown:
    if found.admission == Admission.MEMBERS and actor.is_visitor:
        raise MembersOnly("this session is for people of the company who are signed in")
    return SessionShown(
        id=found.id,
        title=found.title,
        description=found.description or "",
        status=SessionStatus(found.status),
        purpose=Purpose(found.purpose),
        site=found.site,
        line_id=found.line_id,
        code=found.qr_code if actor.may("live.read") or actor.may("live.facilitate") else "",
        participants=found.participant_count,
        max_participants=found.max_participants,
        admission=Admission(found.admission),
        shows_leaderboard=found.shows_leaderboard,
        created_at=found.created_at,
        started_at=found.started_at,
        completed_at=found.completed_at,
    )
