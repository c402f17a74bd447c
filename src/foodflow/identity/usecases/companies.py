"""Companies: settled by their own people, and made, suspended and removed by those who run the installation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import companies as queries
from foodflow.identity.queries import people
from foodflow.identity.rules import companies as rules
from foodflow.identity.rules.people import number_of
from foodflow.identity.rules.roles import ADMINISTRATOR, require_free_name, require_known_permissions
from foodflow.identity.tables import Membership, OwnRole, Tenant
from foodflow.identity.usecases.invitations import Invited, invite
from foodflow.identity.usecases.personal import erase_account
from foodflow.kernel import audit, clock, founding
from foodflow.kernel.actor import Actor
from foodflow.kernel.archives import restoring
from foodflow.kernel.archives.manifest import BadArchive
from foodflow.kernel.archives.reading import Archive
from foodflow.kernel.archives.writing import Progress
from foodflow.kernel.audit import Verdict
from foodflow.kernel.db import enter_platform, enter_tenant
from foodflow.kernel.errors import Refusal
from foodflow.kernel.live import access
from foodflow.kernel.mail import Postbox
from foodflow.kernel.preconditions import require_match
from foodflow.kernel.tenancy import TenantName


@dataclass(frozen=True, slots=True)
class NewCompany:
    """A company to be made; its administrator by user name, or by the address to invite them at."""

    slug: str
    name: str
    administrator: str | None
    administrator_email: str | None


@dataclass(frozen=True, slots=True)
class Restored:
    """A company that came out of an archive, what was found of its audit trail, and who had been part of it."""

    company: Tenant
    trail: Verdict
    directory: rules.Directory


async def change(session: AsyncSession, actor: Actor, fields: Mapping[str, Any]) -> Tenant:
    """Change the name or the settings of one's own company; settings that are not given stay as they are."""
    company = await queries.company_for_update(session, actor.tenant)
    require_match(session, company)
    before = {"name": company.name, "settings": company.settings}
    settings = company.settings | fields.get("settings", {})
    if settings.get("second_factor") != company.settings.get("second_factor"):
        person = await people.person_in(session, number_of(actor) or 0, actor.tenant)
        rules.require_own_second_factor(settings, has_one=person is not None and person.has_second_factor)
        await access.changed(session, tenant=actor.tenant)
    company.name, company.settings = fields.get("name", company.name), settings
    after = {"name": company.name, "settings": company.settings}
    if before != after:
        audit.record(session, actor, "company.changed", company.slug, before=before, after=after)
    await session.flush()
    return company


async def create(session: AsyncSession, actor: Actor, new: NewCompany, postbox: Postbox) -> Tenant:
    """Make a company, with somebody who can sign in already as its administrator, or somebody who is invited to be."""
    connection = await session.connection()
    await connection.run_sync(founding.create, new.slug, new.name)
    await enter_platform(session)
    company = await queries.company_for_update(session, new.slug)
    if new.administrator is not None:
        user = await people.user_named(session, new.administrator)
        if user is None:
            raise rules.NoSuchAdministrator(f"there is nobody named {new.administrator} who can sign in")
        _appoint(session, new.slug, user.id)
    else:
        whom = Invited(new.administrator_email or "", [ADMINISTRATOR], None, [], "", "")
        everything = replace(_in(actor, new.slug), permissions=frozenset({"*"}), sites=None)
        await invite(session, everything, whom, postbox)
    await _record(session, actor, new.slug, "company.created", name=new.name)
    return company


def _appoint(session: AsyncSession, slug: str, user_id: int) -> None:
    now = clock.now()
    session.add(Membership(user_id=user_id, tenant=slug, roles=[ADMINISTRATOR], accepted_at=now, created_at=now))


async def rename(session: AsyncSession, actor: Actor, slug: str, name: str) -> Tenant:
    """Give a company another name; its slug stays."""
    company = await queries.company_for_update(session, slug)
    require_match(session, company)
    if name != company.name:
        before, company.name = company.name, name
        await _record(session, actor, slug, "company.renamed", before=before, after=name)
    return company


async def suspend(session: AsyncSession, actor: Actor, slug: str, reason: str) -> Tenant:
    """Let nobody act in a company from their next request on; its data is kept, its jobs wait. Twice is once."""
    rules.require_not_own(slug, actor)
    company = await queries.company_for_update(session, slug)
    require_match(session, company)
    if company.suspended_at is None:
        company.suspended_at = clock.now()
        await _record(session, actor, slug, "company.suspended", reason=reason)
        await access.changed(session, tenant=slug)
    return company


async def resume(session: AsyncSession, actor: Actor, slug: str) -> Tenant:
    """Let the people of a suspended company act in it again."""
    company = await queries.company_for_update(session, slug)
    require_match(session, company)
    if company.suspended_at is not None:
        company.suspended_at = None
        await _record(session, actor, slug, "company.resumed")
    return company


async def remove(session: AsyncSession, actor: Actor, slug: str) -> None:
    """Erase a suspended company: all that it owns and all that the directory holds for it, for good. People who belong
    to no other company are erased with it, but for those who run the installation.
    """
    rules.require_not_own(slug, actor)
    company = await queries.company_for_update(session, slug)
    require_match(session, company)
    if company.suspended_at is None:
        raise rules.NotSuspended(f"the company {slug} is not suspended; suspend it first")
    members = [user.id for user, _ in await queries.members_of(session, slug)]
    for row in await queries.rows_of_company_for_update(session, slug):
        await session.delete(row)
    await session.flush()
    for user in await queries.left_without_company_for_update(session, members):
        await erase_account(session, user)
    await session.flush()
    session.expunge(company)
    await access.changed(session, tenant=slug)
    connection = await session.connection()
    await connection.run_sync(founding.drop, TenantName(slug))
    await enter_platform(session)
    audit.record(session, actor, "company.removed", slug, name=company.name, members=len(members))


async def directory_of(session: AsyncSession, slug: str) -> rules.Directory:
    """What the directory knows of a company, as it travels with its archive."""
    company = await queries.company_found(session, slug)
    roles = await queries.own_roles_of(session, slug)
    members = [
        rules.Member(
            actor=f"{'user' if user.kind == 'person' else 'service'}:{user.id}",
            username=user.username,
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
            roles=tuple(place.roles),
            sites=None if place.sites is None else tuple(place.sites),
            teams=tuple(place.teams),
            is_active=place.is_active and place.accepted_at is not None,
        )
        for user, place in await queries.members_of(session, slug)
    ]
    own = [rules.OwnRole(name=r.name, description=r.description, permissions=tuple(r.permissions)) for r in roles]
    return rules.Directory(settings=rules.settled(company.settings), roles=tuple(own), members=tuple(members))


async def restore(
    session: AsyncSession,
    actor: Actor,
    archive: Archive,
    slug: str,
    *,
    name: str = "",
    progress: Progress = lambda *_: None,
) -> Restored:
    """Make a company out of an archive, with its settings and own roles, and whoever does it as its administrator.

    Its people do not come along: a name that means somebody there may mean somebody else here.
    """
    directory = _directory_in(archive)
    manifest = archive.manifest
    tenant, trail = await restoring.restore(session, archive, slug, name or manifest.name, progress=progress)
    company = await queries.company_for_update(session, tenant)
    company.settings = directory.settings.model_dump()
    now = clock.now()
    for role in directory.roles:
        own = OwnRole(tenant=tenant, name=role.name, description=role.description, created_at=now)
        own.permissions = list(role.permissions)
        session.add(own)
    if (importer := number_of(actor)) is not None:
        _appoint(session, tenant, importer)
    said = {"of": manifest.slug, "made_at": manifest.made_at, "entries": trail.entries, "head": trail.head}
    await _record(session, actor, tenant, "company.imported", **said)
    return Restored(company, trail, directory)


def _directory_in(archive: Archive) -> rules.Directory:
    try:
        directory = rules.Directory.model_validate_json(archive.directory)
        for role in directory.roles:
            require_free_name(role.name)
            require_known_permissions(role.permissions)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadArchive(f"its directory cannot be read: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except Refusal as refusal:
        raise BadArchive(f"its directory holds a role that no company can have: {refusal.detail}") from refusal
    if len({role.name for role in directory.roles}) != len(directory.roles):
        raise BadArchive("its directory holds two roles of one name")
    return directory


async def _record(session: AsyncSession, actor: Actor, slug: str, action: str, **details: object) -> None:
    """In the trail of the company that it is about, with all that was recorded before it, and in that of whoever did
    it.
    """
    await session.flush()
    if slug != actor.tenant:
        there = _in(actor, slug)
        await enter_tenant(session, there)
        audit.record(session, there, action, slug, **details)
        await audit.write(session)
        await enter_platform(session)
    audit.record(session, actor, action, slug, **details)


def _in(actor: Actor, slug: str) -> Actor:
    return replace(actor, tenant=TenantName(slug))
