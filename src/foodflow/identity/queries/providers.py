"""Identity providers of companies, and who somebody is at an outside issuer."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries.people import Person, people, person
from foodflow.identity.rules import providers as rules
from foodflow.identity.rules.credentials import PROVIDER, CompanySuspended
from foodflow.identity.tables import ExternalIdentity, IdentityProvider, Membership, Tenant, Token, User
from foodflow.kernel import clock
from foodflow.kernel.paging import Filter, Listing, Page, Wanted, fetch

PROVIDERS = Listing(
    key=IdentityProvider.id,
    order="name",
    filters={"is_active": Filter(IdentityProvider.is_active, bool)},
    orderings={"name": IdentityProvider.name, "created_at": IdentityProvider.created_at},
    searches=(IdentityProvider.name, IdentityProvider.issuer),
)
IDENTITIES = Listing(
    key=ExternalIdentity.id,
    order="created_at",
    filters={"issuer": Filter(ExternalIdentity.issuer)},
    orderings={"created_at": ExternalIdentity.created_at, "last_used_at": ExternalIdentity.last_used_at},
)


async def providers(session: AsyncSession, tenant: str, wanted: Wanted) -> Page[IdentityProvider]:
    """A page of a company's providers."""
    return await fetch(session, select(IdentityProvider).where(IdentityProvider.tenant == tenant), wanted)


async def provider(session: AsyncSession, tenant: str, id: UUID) -> IdentityProvider:
    """A provider of a company, or a refusal."""
    found = select(IdentityProvider).where(IdentityProvider.id == id, IdentityProvider.tenant == tenant)
    return _found((await session.scalars(found)).first(), id)


async def provider_for_update(session: AsyncSession, tenant: str, id: UUID) -> IdentityProvider:
    """A provider of a company as it is now, locked, or a refusal."""
    found = select(IdentityProvider).where(IdentityProvider.id == id, IdentityProvider.tenant == tenant)
    return _found((await session.scalars(found.with_for_update())).first(), id)


async def provider_to_sign_in_with(session: AsyncSession, id: UUID) -> IdentityProvider:
    """A provider that people sign in with now; refuses one that is not active, and that of a suspended company."""
    found = select(IdentityProvider, Tenant).join(Tenant, Tenant.slug == IdentityProvider.tenant)
    row = (await session.execute(found.where(IdentityProvider.id == id, IdentityProvider.is_active))).first()
    if row is None:
        return _found(None, id)
    if row[1].suspended_at is not None:
        raise CompanySuspended
    return row[0]


def _found(provider: IdentityProvider | None, id: UUID) -> IdentityProvider:
    if provider is None:
        raise rules.ProviderNotFound(f"there is no identity provider {id}")
    return provider


async def open_providers(session: AsyncSession, tenant: str) -> Sequence[IdentityProvider]:
    """The providers that a company's people sign in with, by name."""
    found = select(IdentityProvider).where(IdentityProvider.tenant == tenant, IdentityProvider.is_active)
    return (await session.scalars(found.order_by(IdentityProvider.name))).all()


async def is_provider_of(session: AsyncSession, tenant: str, issuer: str) -> bool:
    """Whether a company has a provider of this issuer."""
    found = exists().where(IdentityProvider.tenant == tenant, IdentityProvider.issuer == issuer)
    return bool(await session.scalar(select(found)))


async def identities(session: AsyncSession, tenant: str, user_id: int, wanted: Wanted) -> Page[ExternalIdentity]:
    """A page of whom somebody is linked to in a company."""
    found = select(ExternalIdentity).where(ExternalIdentity.tenant == tenant, ExternalIdentity.user_id == user_id)
    return await fetch(session, found, wanted)


async def identity(session: AsyncSession, tenant: str, id: UUID) -> ExternalIdentity:
    """An external identity that is linked in a company, or a refusal."""
    found = select(ExternalIdentity).where(ExternalIdentity.id == id, ExternalIdentity.tenant == tenant)
    linked = (await session.scalars(found)).first()
    if linked is None:
        raise rules.IdentityNotFound(f"there is no external identity {id}")
    return linked


async def holders(session: AsyncSession, issuer: str, subject: str) -> dict[str, tuple[Person, ExternalIdentity]]:
    """For whom somebody at an issuer stands, by company, and the links."""
    linked = (ExternalIdentity.user_id == User.id) & (ExternalIdentity.tenant == Membership.tenant)
    found = people().add_columns(ExternalIdentity).join(ExternalIdentity, linked)
    rows = await session.execute(
        found.where(ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject, User.kind == "person")
    )
    return {row[1].tenant: (person(row), row[5]) for row in rows}


async def linked(session: AsyncSession, tenant: str, issuer: str, subject: str) -> ExternalIdentity | None:
    """The link of somebody at an issuer in a company, whether the person is active or not."""
    found = select(ExternalIdentity).where(
        ExternalIdentity.tenant == tenant, ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject
    )
    return (await session.scalars(found)).first()


async def is_linked_at(session: AsyncSession, tenant: str, issuer: str, user_id: int) -> bool:
    """Whether somebody is linked to anybody at an issuer already."""
    found = exists().where(
        ExternalIdentity.tenant == tenant, ExternalIdentity.issuer == issuer, ExternalIdentity.user_id == user_id
    )
    return bool(await session.scalar(select(found)))


async def places_of_email_for_update(session: AsyncSession, tenant: str, email: str) -> Sequence[Membership]:
    """The places in a company, accepted or only offered, of active people with an e-mail address, locked."""
    found = select(Membership).join(User, User.id == Membership.user_id)
    active = found.where(
        Membership.tenant == tenant,
        Membership.is_active,
        User.is_active,
        User.kind == "person",
        User.email != "",
        func.lower(User.email) == email.strip().lower(),
    )
    return (await session.scalars(active.with_for_update(of=Membership))).all()


async def stays_by_provider_for_update(
    session: AsyncSession, tenant: str, user_id: int | None = None
) -> Sequence[Token]:
    """The stays in a company (of one person, or of all) that were begun with a provider and still hold, locked."""
    found = select(Token).where(
        Token.tenant == tenant,
        Token.methods.contains([PROVIDER]),
        Token.revoked_at.is_(None),
        Token.expires_at > clock.now(),
    )
    of_whom = found if user_id is None else found.where(Token.user_id == user_id)
    return (await session.scalars(of_whom.order_by(Token.id).with_for_update())).all()


async def invitations_for_update(session: AsyncSession, tenant: str, user_id: int) -> Sequence[Token]:
    """The secrets that somebody could still accept an invitation with, locked."""
    found = select(Token).where(
        Token.kind == "invitation", Token.tenant == tenant, Token.user_id == user_id, Token.used_at.is_(None)
    )
    return (await session.scalars(found.with_for_update())).all()
