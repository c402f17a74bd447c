"""Addresses of people, for whoever shows them a form: confirmed by those who read their mail."""

from foodflow.identity.usecases import emails as usecases
from foodflow.kernel.db import Database, directory_transaction
from foodflow.kernel.sealing import Sealer


async def confirm_address(database: Database, link: str, sealer: Sealer) -> None:
    """Give an account the address that its link was sent to."""
    change = usecases.opened(link, sealer)
    async with directory_transaction(database, change.actor) as session:
        await usecases.confirm_change(session, change)
