"""Changing over: the stay of somebody of several companies, begun anew in another of them."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import tokens as queries
from foodflow.identity.usecases import tokens
from foodflow.identity.usecases.credentials import Holder
from foodflow.identity.usecases.tokens import Caller, SignedIn, Stay


async def change_over(session: AsyncSession, holder: Holder, caller: Caller) -> Stay:
    """Begin a browser session in the company that its holder has named; it ends when the one before would have ended,
    so that nobody stays signed in for ever by going to and fro.
    """
    before = await queries.latest_of_family(session, UUID(holder.credential.partition(":")[2]))
    signed_in = SignedIn(holder.person.id, holder.person.company, holder.methods)
    stay = await tokens.begin(session, "session", signed_in, caller)
    after = await queries.latest_of_family(session, stay.family)
    if before is not None and after is not None:
        after.expires_at = before.expires_at
    return stay
