"""Wire shapes of signing in."""

from typing import Annotated

from pydantic import Field, StringConstraints

from foodflow.identity.queries.people import Person
from foodflow.identity.rules.passwords import MAX_PASSWORD
from foodflow.kernel.actor import Actor
from foodflow.kernel.wire import In, Instant, Out


class SignInIn(In):
    """A user name (or e-mail address) and password."""

    username: Annotated[str, Field(min_length=1, max_length=254)]
    # As it was typed: a password may begin or end with a space.
    password: Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=MAX_PASSWORD)]


class RefreshIn(In):
    """A refresh token."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=200)]


class TokensOut(Out):
    """An access token, good for `expires_in` seconds, and the refresh token to use once after that."""

    access_token: str
    refresh_token: str
    token_type: str = "Bearer"  # noqa: S105 - the type of token (RFC 6750)
    expires_in: int


class CompanyOut(Out):
    """A company."""

    slug: str
    name: str


class UserOut(Out):
    """The person who is signed in, and what they may do in their company."""

    id: int
    username: str
    email: str
    first_name: str
    last_name: str
    is_active: bool
    is_staff: bool
    date_joined: Instant
    last_login: Instant | None
    company: CompanyOut
    roles: list[str]
    permissions: list[str]

    @classmethod
    def of(cls, person: Person, actor: Actor) -> "UserOut":
        """A person's own view of themselves."""
        return cls(
            id=person.id,
            username=person.username,
            email=person.email,
            first_name=person.first_name,
            last_name=person.last_name,
            is_active=True,
            is_staff="administrator" in person.roles,
            date_joined=person.created_at,
            last_login=person.last_login_at,
            company=CompanyOut(slug=person.company, name=person.company_name),
            roles=sorted(person.roles),
            permissions=sorted(actor.permissions),
        )
