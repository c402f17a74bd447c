"""Where one is signed in, for those who look at it and end it."""

from collections.abc import Sequence

from starlette.datastructures import QueryParams

from foodflow.identity.public import signing_in
from foodflow.identity.public.deeds import alone
from foodflow.identity.queries.tokens import LISTING
from foodflow.identity.rules.credentials import BadToken
from foodflow.identity.usecases import changing_over, credentials
from foodflow.identity.usecases import sessions as usecases
from foodflow.identity.usecases.sessions import Stay as StaySeen
from foodflow.identity.usecases.tokens import Caller, Stay
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, directory_transaction, platform_transaction

__all__ = ["StaySeen", "change_over", "end", "end_others", "stays"]

end = alone(usecases.end)
end_others = alone(usecases.end_others)


async def stays(database: Database, actor: Actor) -> Sequence[StaySeen]:
    """Somebody's stays, the latest used first."""
    wanted = LISTING.read(QueryParams({"page_size": str(LISTING.max_page_size)}))
    async with platform_transaction(database) as session:
        page = await usecases.stays(session, actor, wanted)
    return page.rows


async def change_over(database: Database, secret: str, company: str, caller: Caller) -> Stay:
    """Begin a browser's session anew in another company of its holder, who must have signed in with their password."""
    async with platform_transaction(database) as session:
        holder = await credentials.of_session(session, secret)
        if holder is None:
            raise BadToken
        there = await credentials.in_company(session, holder, company)
    async with directory_transaction(database, credentials.actor_of(there)) as session:
        stay = await changing_over.change_over(session, there, caller)
    await signing_in.end_browser_session(database, secret)
    return stay
