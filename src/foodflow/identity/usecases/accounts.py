"""Accounts: whom a sign-in could be for, and a company's first administrator."""

from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import people, second_factors
from foodflow.identity.queries.people import Person
from foodflow.identity.rules.credentials import BadCredentials
from foodflow.identity.rules.passwords import require_acceptable_password
from foodflow.identity.rules.roles import ADMINISTRATOR
from foodflow.identity.tables import Membership, User
from foodflow.kernel import clock, credentials

_NOBODY = 0


@dataclass(frozen=True, slots=True)
class Account:
    """Who may be signing in: whom the name belongs to (if anybody), all that they can be called, their password's hash,
    their companies, and whether they sign in with a second factor too.
    """

    user_id: int | None = None
    names: tuple[str, ...] = ()
    password_hash: str | None = field(default=None, repr=False)
    companies: tuple[str, ...] = ()
    has_second_factor: bool = False

    @property
    def known_id(self) -> int:
        """Whom it belongs to, once it is known that somebody does."""
        if self.user_id is None:
            raise BadCredentials
        return self.user_id


async def look_up(session: AsyncSession, username: str) -> Account:
    """Find whom a sign-in could be for; an unknown name is found out only after the password was checked."""
    user = await people.user_named(session, username)
    user_id = user.id if user else _NOBODY  # asked about all the same: the work must tell nothing
    companies = tuple(await people.companies_of(session, user_id))
    has_second_factor = await second_factors.is_confirmed(session, user_id)
    if user is None:
        return Account()
    return replace(account_of(user, companies), has_second_factor=has_second_factor)


def account_of(user: User, companies: tuple[str, ...]) -> Account:
    """The account of somebody who is known, in these companies."""
    return Account(user.id, names_of(user), user.password_hash, companies)


def names_of(known: User | Person) -> tuple[str, ...]:
    """All that somebody can be called when they sign in, their user name first."""
    return (known.username, known.email) if known.email else (known.username,)


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
        user.password_hash = await credentials.hashed(password)
        session.add(user)
        await session.flush()
    if is_operator:
        user.is_operator = True
    if await people.membership(session, user.id, tenant) is None:
        now = clock.now()
        place = Membership(user_id=user.id, tenant=tenant, roles=[ADMINISTRATOR], accepted_at=now, created_at=now)
        session.add(place)
    return created
