"""Wire shapes of signing in."""

from typing import Annotated

from pydantic import Field, StringConstraints

from foodflow.identity.queries.people import Person
from foodflow.identity.rules.passwords import MAX_PASSWORD
from foodflow.kernel.actor import Actor
from foodflow.kernel.wire import In, Instant, Out

Password = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=MAX_PASSWORD)]
"""As it was typed: a password may begin or end with a space."""
Code = Annotated[str, Field(min_length=6, max_length=40, description="Of the app, or a recovery code")]


class SignInIn(In):
    """A user name (or e-mail address) and password, and the code of a second factor where there is one."""

    username: Annotated[str, Field(min_length=1, max_length=254)]
    password: Password
    code: Code | None = None


class RefreshIn(In):
    """A refresh token."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=200)]


class TokensOut(Out):
    """An access token, good for `expires_in` seconds, and the refresh token to use once after that."""

    access_token: str
    refresh_token: str
    token_type: str = "Bearer"  # noqa: S105 - the type of token (RFC 6750)
    expires_in: int


class CsrfOut(Out):
    """What a browser sends as `X-CSRFToken` with every call that changes something."""

    csrfToken: str  # noqa: N815 - the client's name for it


class NothingOut(Out):
    """An empty object, for clients that read whatever they are answered."""


class CompanyOut(Out):
    """A company."""

    slug: str
    name: str


class UserOut(Out):
    """The person (or the service account of a program) that is signed in, and what they may do in their company."""

    id: int
    kind: str
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
        """Somebody's own view of themselves."""
        return cls(
            id=person.id,
            kind=person.kind,
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
