"""How long credentials hold, which company they are for, and why one is refused."""

from collections.abc import Iterable
from datetime import timedelta

from foodflow.kernel.errors import Conflict, Forbidden, Unauthenticated

REFRESH_TOKEN_LIFE = timedelta(days=7)
SESSION_LIFE = timedelta(hours=12)
SESSION_IDLE = timedelta(hours=4)
"""A browser that asks for nothing for so long is signed out; an open page asks again whenever something happens."""
TOUCH_EVERY = timedelta(minutes=1)
"""How exactly the last use of a session or key is kept."""

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


class BadCsrfToken(Forbidden):
    """The call came with a cookie and without the token that only our own pages can read."""

    code = "identity.bad_csrf_token"


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


def company_of_host(host: str, base: str) -> str | None:
    """The company that a host name stands for: `akron.foodflow.example` below `foodflow.example`; None where it names
    none.
    """
    name = host.partition(":")[0].lower()
    slug = name.removesuffix(f".{base}")
    return slug if slug != name and "." not in slug else None
