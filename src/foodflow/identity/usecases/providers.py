"""Identity providers: set up by a company, changed and removed."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import providers as queries
from foodflow.identity.rules.keys import require_in_person
from foodflow.identity.rules.providers import ProviderNameTaken
from foodflow.identity.tables import IdentityProvider
from foodflow.identity.usecases.outside import end_stays_by_provider
from foodflow.kernel import audit, clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.preconditions import require_match

_SECRET = "sealed_client_secret"  # noqa: S105 - a field's name


async def create_provider(session: AsyncSession, actor: Actor, fields: dict[str, Any]) -> IdentityProvider:
    """Set up a provider that the company's people sign in with from now on."""
    require_in_person(actor)
    provider = IdentityProvider(
        id=clock.new_id(), tenant=actor.tenant, is_active=True, created_at=clock.now(), **fields
    )
    async with unless_taken(session, _name_taken(provider.name)):
        session.add(provider)
    told = {"issuer": provider.issuer, "client_id": provider.client_id}
    audit.record(session, actor, "identity_provider.created", provider.id, name=provider.name, **told)
    return provider


async def change_provider(session: AsyncSession, actor: Actor, id: UUID, changes: dict[str, Any]) -> IdentityProvider:
    """Change a provider; the stays begun with one that is put out of use end."""
    require_in_person(actor)
    provider = await queries.provider_for_update(session, actor.tenant, id)
    require_match(session, provider)
    async with unless_taken(session, _name_taken(changes.get("name", provider.name))):
        for name, value in changes.items():
            setattr(provider, name, value)
    if not provider.is_active:
        await end_stays_by_provider(session, actor.tenant)
    told = {name: "changed" if name == _SECRET else value for name, value in changes.items()}
    audit.record(session, actor, "identity_provider.changed", provider.id, **told)
    return provider


async def delete_provider(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """Remove a provider; the stays begun with it end."""
    require_in_person(actor)
    provider = await queries.provider_for_update(session, actor.tenant, id)
    require_match(session, provider)
    await session.delete(provider)
    await end_stays_by_provider(session, actor.tenant)
    told = {"issuer": provider.issuer, "client_id": provider.client_id}
    audit.record(session, actor, "identity_provider.deleted", provider.id, name=provider.name, **told)


def _name_taken(name: str) -> ProviderNameTaken:
    return ProviderNameTaken(f"there is an identity provider {name} already")
