"""Accounts: whom a sign-in could be for, and a company's first administrator."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import people
from foodflow.identity.rules.passwords import require_acceptable_password
from foodflow.identity.rules.roles import ADMINISTRATOR
from foodflow.identity.tables import Membership, User
from foodflow.kernel import clock, credentials


@dataclass(frozen=True, slots=True)
class Account:
    """Who may be signing in: whom the name belongs to (if anybody), their password's hash and their companies."""

    user_id: int | None
    password_hash: str | None
    companies: tuple[str, ...]


async def look_up(session: AsyncSession, username: str) -> Account:
    """Find whom a sign-in could be for; an unknown name is found out only after the password was checked."""
    user = await people.user_named(session, username)
    if user is None:
        return Account(None, None, ())
    return Account(user.id, user.password_hash, tuple(await people.companies_of(session, user.id)))


async def ensure_administrator(
    session: AsyncSession, *, tenant: str, username: str, password: str, is_operator: bool
) -> bool:
    """Give a company its first administrator; true when the person was created. An existing person keeps their
    password.
    """
    name = username.strip().lower()
    user = await people.user_of_name_for_update(session, name)
    created = user is None
    if user is None:
        require_acceptable_password(password)
        user = User(username=name, email="", first_name="", last_name="", is_active=True, created_at=clock.now())
        user.password_hash = credentials.hash_password(password)
        session.add(user)
        await session.flush()
    if is_operator:
        user.is_operator = True
    if await people.membership(session, user.id, tenant) is None:
        now = clock.now()
        place = Membership(user_id=user.id, tenant=tenant, roles=[ADMINISTRATOR], accepted_at=now, created_at=now)
        session.add(place)
    return created
