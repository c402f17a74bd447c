"""How long credentials hold, which company they are for, and why one is refused."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Conflict, Forbidden, NotFound, Unauthenticated

REFRESH_TOKEN_LIFE = timedelta(days=7)
LONGEST_STAY = timedelta(days=90)
"""However often it is kept on, a stay ends, and somebody proves anew who they are."""
SESSION_LIFE = timedelta(hours=12)
SESSION_IDLE = timedelta(hours=4)
"""A browser that asks for nothing for so long is signed out; an open page asks again whenever something happens."""
TOUCH_EVERY = timedelta(minutes=1)
"""How exactly the last use of a session or key is kept."""

CHALLENGE_LIFE = timedelta(minutes=5)
CHALLENGE_TRIES = 5
"""How long, and how often, a code may be entered after the password."""

PASSWORD, ONE_TIME_CODE, PROVIDER, OUTSIDE = "pwd", "otp", "oidc", "ext"


class BadCredentials(Unauthenticated):
    """The user name and password do not fit; which of the two is not said."""

    code = "identity.bad_credentials"

    def __init__(self) -> None:
        super().__init__("the user name or the password is wrong")


class BadToken(Unauthenticated):
    """The token is expired, revoked, used before, or was never given out."""

    code = "identity.bad_token"

    def __init__(self, detail: str = "the credential is not valid (any longer)") -> None:
        super().__init__(detail)


class SeveralCredentials(Unauthenticated):
    """More than one credential was sent, so it is not clear who is calling."""

    code = "identity.several_credentials"


class CompanyNotNamed(Conflict):
    """This person belongs to several companies and has not said which is meant."""

    code = "identity.company_not_named"


class OtherCompany(Forbidden):
    """The credential does not open the company that was named."""

    code = "identity.other_company"


class CompanySuspended(Forbidden):
    """The company is suspended; its data is kept, and nobody can act in it."""

    code = "identity.company_suspended"

    def __init__(self) -> None:
        super().__init__("this company is suspended; its data is kept, and nobody can act in it")


class BadCsrfToken(Forbidden):
    """The call came with a cookie and without the token that only our own pages can read."""

    code = "identity.bad_csrf_token"

    def __init__(self) -> None:
        super().__init__("send the token of GET /api/v1/csrf as X-CSRFToken, from a page of our own")


class StayNotFound(NotFound):
    """There is no such stay, or it is not the caller's."""

    code = "identity.session_not_found"

    def __init__(self) -> None:
        super().__init__("there is no such session")


def begun_at(family: UUID) -> datetime:
    """When a stay began, as its name says (a UUIDv7; RFC 9562, section 5.7), also once its first token is forgotten."""
    return datetime.fromtimestamp((family.int >> 80) / 1000, UTC)


def choose_company(memberships: Iterable[str], named: str | None, default: str) -> str:
    """The company that a sign-in is for: the named one, the only one, or the default one."""
    belongs_to = sorted(memberships)
    if named is not None:
        if named not in belongs_to:
            raise BadCredentials
        return named
    if len(belongs_to) == 1:
        return belongs_to[0]
    if default in belongs_to:
        return default
    if not belongs_to:
        raise BadCredentials
    message = f"name the company in the header X-Tenant: {', '.join(belongs_to)}"
    raise CompanyNotNamed(message)


def company_told(memberships: Iterable[str], named: str | None, default: str) -> str:
    """The company whose trail keeps that somebody of these companies was refused: the one that was meant, as far as can
    be told.
    """
    belongs_to = sorted(memberships)
    return next((each for each in (named, default) if each in belongs_to), belongs_to[0] if belongs_to else default)


def user_of(actor: Actor) -> int:
    """The number of the person (or service account) that an actor is."""
    return int(actor.id.partition(":")[2])


def company_of_host(host: str, base: str) -> str | None:
    """The company that a host name stands for: `akron.foodflow.example` below `foodflow.example`; None where it names
    none.
    """
    name = host.partition(":")[0].lower()
    slug = name.removesuffix(f".{base}")
    return slug if slug != name and "." not in slug else None
