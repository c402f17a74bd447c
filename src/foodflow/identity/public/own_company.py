"""The company that one acts in: its settings and its providers, and the other companies that one could act in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.datastructures import QueryParams

from foodflow.identity.public.deeds import alone
from foodflow.identity.queries import companies as queries
from foodflow.identity.queries import providers as provider_queries
from foodflow.identity.rules.companies import Settings, settled
from foodflow.identity.rules.people import number_of
from foodflow.identity.usecases import companies as usecases
from foodflow.identity.usecases import providers as provider_usecases
from foodflow.kernel import preconditions
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, directory_transaction, platform_transaction

__all__ = [
    "CompanySeen",
    "Place",
    "ProviderSeen",
    "Settings",
    "change",
    "change_provider",
    "company",
    "create_provider",
    "places",
    "providers",
    "remove_provider",
]

create_provider = alone(provider_usecases.create_provider)
change_provider = alone(provider_usecases.change_provider)
remove_provider = alone(provider_usecases.delete_provider)


@dataclass(frozen=True, slots=True)
class CompanySeen:
    """A company as its own people see it."""

    slug: str
    name: str
    settings: Settings
    version: int


@dataclass(frozen=True, slots=True)
class Place:
    """A company that somebody can act in, and as what."""

    slug: str
    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProviderSeen:
    """An identity provider of the company, without its secret."""

    id: UUID
    name: str
    issuer: str
    client_id: str
    has_client_secret: bool
    is_active: bool


async def company(database: Database, actor: Actor) -> CompanySeen:
    """The actor's company."""
    async with platform_transaction(database) as session:
        found = await queries.company_found(session, actor.tenant)
    return CompanySeen(found.slug, found.name, settled(found.settings), found.version)


async def change(database: Database, actor: Actor, fields: Mapping[str, Any], *, version: str) -> None:
    """Change the name or the settings of the actor's company, unless that was done since this version was seen."""
    async with directory_transaction(database, actor) as session:
        preconditions.expect(session, frozenset({version}))
        await usecases.change(session, actor, fields)


async def places(database: Database, actor: Actor) -> list[Place]:
    """The companies that somebody can act in."""
    async with platform_transaction(database) as session:
        found = await queries.open_companies_of(session, number_of(actor) or 0)
    return [Place(each.slug, each.name, tuple(place.roles)) for each, place in found]


async def providers(database: Database, actor: Actor) -> list[ProviderSeen]:
    """The identity providers of the actor's company, by name."""
    wanted = provider_queries.PROVIDERS.read(QueryParams())
    async with platform_transaction(database) as session:
        page = await provider_queries.providers(session, actor.tenant, wanted)
    return [
        ProviderSeen(
            id=each.id,
            name=each.name,
            issuer=each.issuer,
            client_id=each.client_id,
            has_client_secret=each.sealed_client_secret is not None,
            is_active=each.is_active,
        )
        for each in page.rows
    ]
