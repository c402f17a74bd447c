"""Refusals at the door, written down in the trail of the company that was meant."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.rules.credentials import company_told
from foodflow.identity.rules.lockouts import Attempt
from foodflow.identity.usecases import lockouts
from foodflow.identity.usecases.accounts import Account
from foodflow.kernel import audit, clock, jobs
from foodflow.kernel.actor import Actor

RECORD_REFUSAL = "identity.record_refusal"


async def count(session: AsyncSession, account: Account, attempt: Attempt, *, named: str | None, default: str) -> None:
    """Count a failure, and have it written down if it was tried on somebody who is known.

    A job does that, and one is enqueued for names that nobody bears, too: the work done here tells nothing.
    """
    shut = await lockouts.count(session, attempt)
    user_id = account.user_id if account.companies else None
    told: dict[str, Any] = {"user_id": user_id, "address": attempt.address, "at": clock.now().isoformat(), "shut": shut}
    await jobs.enqueue_for(session, company_told(account.companies, named, default), RECORD_REFUSAL, **told)


def record(session: AsyncSession, actor: Actor, *, user_id: int, address: str, at: datetime, shut: bool) -> None:
    """Write down that somebody did not prove to be a person, and whether nobody is looked at for a while after it."""
    action = "session.locked" if shut else "session.refused"
    audit.record(session, actor, action, f"user:{user_id}", address=address, at=at)
