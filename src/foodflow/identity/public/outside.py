"""The door of outside issuers: their tokens, read and held against the directory."""

from foodflow.identity.usecases import outside
from foodflow.identity.usecases.credentials import Holder
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.outside_tokens import OutsideTokens


async def holder_of_outside_token(
    database: Database, tokens: OutsideTokens, token: str, named: str | None
) -> Holder | None:
    """Whom the token of an outside issuer stands for, in the company that is named or the only one that it is linked
    in; None where it is of no issuer that is trusted here, or does not hold.

    No connection to the database is held while the issuer is asked for its keys.
    """
    claims = await tokens.read(token)
    if claims is None:
        return None
    async with platform_transaction(database) as session:
        return await outside.holder_of(session, claims, named)
