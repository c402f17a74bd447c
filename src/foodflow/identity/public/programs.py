"""Programs: service accounts, and the API keys of people and programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.datastructures import QueryParams

from foodflow.identity.public.deeds import alone
from foodflow.identity.queries import keys as key_queries
from foodflow.identity.queries import members as queries
from foodflow.identity.queries.members import Member
from foodflow.identity.rules.people import number_of
from foodflow.identity.rules.roles import covers
from foodflow.identity.usecases import keys as key_usecases
from foodflow.identity.usecases import service_accounts as usecases
from foodflow.identity.usecases.keys import NewKey
from foodflow.identity.usecases.service_accounts import NewServiceAccount
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, directory_transaction, platform_transaction
from foodflow.kernel.paging import Page

__all__ = [
    "KeySeen",
    "NewKey",
    "NewServiceAccount",
    "ProgramSeen",
    "change",
    "create",
    "create_key",
    "keys_of",
    "one",
    "own_keys",
    "programs",
    "remove",
    "revoke_key",
]

create = alone(usecases.create)
change = alone(usecases.change)
remove = alone(usecases.remove)
revoke_key = alone(key_usecases.revoke_key)


@dataclass(frozen=True, slots=True)
class ProgramSeen:
    """A service account; `is_managed` is whether it holds no more than whoever looks at it."""

    id: int
    name: str
    is_active: bool
    is_managed: bool
    roles: tuple[str, ...]
    permissions: tuple[str, ...]
    sites: tuple[str, ...] | None
    since: datetime


@dataclass(frozen=True, slots=True)
class KeySeen:
    """An API key without its secret."""

    id: UUID
    name: str
    prefix: str
    permissions: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


async def programs(database: Database, actor: Actor, asked: Mapping[str, str]) -> Page[ProgramSeen]:
    """A page of the company's service accounts, as the list of the interface is asked for it."""
    wanted = queries.SERVICE_ACCOUNTS.read(QueryParams(asked))
    async with platform_transaction(database) as session:
        page = await queries.service_accounts(session, actor, wanted)
    return Page(page.count, [_seen(actor, account) for account in page.rows])


async def one(database: Database, actor: Actor, id: int) -> ProgramSeen:
    """A service account, or a refusal."""
    async with platform_transaction(database) as session:
        return _seen(actor, await queries.service_account(session, actor, id))


async def own_keys(database: Database, actor: Actor) -> list[KeySeen]:
    """The actor's own keys, the newest first."""
    return await keys_of(database, actor, number_of(actor) or 0)


async def keys_of(database: Database, actor: Actor, owner_id: int) -> list[KeySeen]:
    """The keys of a person or program that the actor may see, the newest first."""
    wanted = key_queries.LISTING.read(
        QueryParams({"owner_id": str(owner_id), "page_size": str(key_queries.LISTING.max_page_size)})
    )
    async with platform_transaction(database) as session:
        page = await key_queries.keys_seen_by(session, actor, wanted)
    return [
        KeySeen(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            permissions=tuple(key.permissions),
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used_at=key.last_used_at,
        )
        for key in page.rows
    ]


async def create_key(database: Database, actor: Actor, wanted: NewKey) -> str:
    """Make a key; returns the whole of it, which is shown this once."""
    async with directory_transaction(database, actor) as session:
        _, secret = await key_usecases.create_key(session, actor, wanted)
        return secret


def _seen(actor: Actor, account: Member) -> ProgramSeen:
    user, place = account.user, account.place
    return ProgramSeen(
        id=user.id,
        name=user.first_name,
        is_active=place.is_active,
        is_managed=all(covers(actor.permissions, each) for each in account.permissions),
        roles=tuple(place.roles),
        permissions=tuple(sorted(account.permissions)),
        sites=None if place.sites is None else tuple(place.sites),
        since=place.created_at,
    )
