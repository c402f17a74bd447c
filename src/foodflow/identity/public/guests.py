"""Guests: who calls without a credential, in the company that the call goes to."""

from collections.abc import Awaitable, Callable, Iterable

from starlette.requests import HTTPConnection

from foodflow.identity.public.authenticating import company_named
from foodflow.identity.queries import companies as queries
from foodflow.identity.rules.credentials import CompanySuspended
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.tenancy import TenantName

GUEST = "guest"
"""Who a guest is in the audit trail: nobody knows more."""


def guests(database: Database, permissions: Iterable[str]) -> Callable[[HTTPConnection], Awaitable[Actor]]:
    """The function that turns a call without a credential into a guest of the company that it goes to, by its host,
    `X-Tenant`, or by default; guests hold these permissions everywhere.
    """
    held = frozenset(permissions)

    async def guest(connection: HTTPConnection) -> Actor:
        named = company_named(connection) or connection.app.state.settings.default_tenant
        await require_open(database, named)
        return Actor(GUEST, TenantName(named), permissions=held, credential=GUEST, is_visitor=True)

    return guest


async def require_open(database: Database, slug: str) -> None:
    """Refuse a company that is not there, and one that is suspended."""
    async with platform_transaction(database) as session:
        company = await queries.company_found(session, slug)
    if company.suspended_at is not None:
        raise CompanySuspended
