"""Lock-outs: whoever fails to prove who they are too often is not looked at for a while.

| counted for                   | failures borne | shut after the last of them, and after each one more |
|-------------------------------|----------------|------------------------------------------------------|
| this name from this address   | 5              | 30 s, 1 min, 2 min, 4 min, 8 min, 15 min, 15 min …   |
| this address, whatever name   | 30             | the same                                             |
| this name, from anywhere      | 50             | the same                                             |

A wrong password, a wrong code and a wrong current password are one failure each, of a name that nobody bears as of any
other. While a door is shut nothing is looked at and nothing counted: not even a right password opens it. A right one
that comes in time clears the name, there and everywhere, but not the address: it may have tried many names. A failure
that comes a day after the last one is the first again.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import failures
from foodflow.identity.rules.lockouts import Attempt, LockedOut, shut_for
from foodflow.kernel import clock

_FORGET_AT_ONCE = 1000


async def require_open(session: AsyncSession, attempt: Attempt) -> None:
    """Refuse an attempt at a shut door; ask before a password is hashed, and again after it, so that many attempts at
    once learn no more than few.
    """
    until = await failures.locked_until(session, attempt.borne)
    if until is not None and until > clock.now():
        raise LockedOut(until - clock.now())


async def count(session: AsyncSession, attempt: Attempt) -> bool:
    """Count a failure, in a transaction that the refusal does not take back; true when a door is shut by it."""
    shut = False
    for failure in await failures.one_more_for_update(session, attempt.borne):
        span = shut_for(failure.count, attempt.borne[failure.subject])
        failure.locked_until = None if span is None else clock.now() + span
        shut = shut or span is not None
    return shut


async def clear(session: AsyncSession, *attempts: Attempt) -> None:
    """Forget the failures of these names, after somebody has proved that they are theirs."""
    subjects = [subject for attempt in attempts for subject in (attempt.of_both, attempt.of_name)]
    for failure in await failures.failures_for_update(session, subjects):
        await session.delete(failure)


async def forget_old(session: AsyncSession) -> int:
    """Remove some failures that are too old to count; returns how many."""
    return await failures.forget_old(session, limit=_FORGET_AT_ONCE)
