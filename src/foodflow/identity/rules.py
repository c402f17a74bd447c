"""Decisions about people, roles and passwords, and their refusals."""

from collections.abc import Iterable
from datetime import timedelta

from foodflow.kernel.errors import Conflict, FieldError, Invalid, Unauthenticated

REFRESH_TOKEN_LIFE = timedelta(days=7)
SESSION_LIFE = timedelta(hours=12)
MIN_PASSWORD, MAX_PASSWORD = 8, 256

_EVERYBODY = frozenset({"identity.read_self", "live.listen"})
_READ = frozenset({"plant.read"})
_OPERATE = frozenset({"plant.run_batches", "plant.record"})
_CONFIGURE = frozenset({"plant.configure"})

ROLES: dict[str, frozenset[str]] = {
    "administrator": frozenset({"*"}),
    "manager": _EVERYBODY | _READ | _OPERATE | _CONFIGURE | {"audit.read"},
    "planner": _EVERYBODY | _READ,
    "quality": _EVERYBODY | _READ | {"audit.read"},
    "supervisor": _EVERYBODY | _READ | _OPERATE | _CONFIGURE,
    "operator": _EVERYBODY | _READ | _OPERATE,
    "viewer": _EVERYBODY | _READ,
    "integration": _EVERYBODY | _READ | {"plant.record"},
}
"""The roles of a company as named sets of permissions (`context.verb`)."""


class BadCredentials(Unauthenticated):
    """The user name and password do not fit; which of the two is not said."""

    code = "identity.bad_credentials"


class BadToken(Unauthenticated):
    """The token is expired, revoked, used before, or was never given out."""

    code = "identity.bad_token"


class CompanyNotNamed(Conflict):
    """This person belongs to several companies and has not said which is meant."""

    code = "identity.company_not_named"


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """All that a person of these roles may do."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))


def require_acceptable_password(password: str) -> None:
    """Length is what counts (NIST SP 800-63B, section 5.1.1.2: no rules of composition)."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        message = f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters"
        raise Invalid.because(FieldError("password", message, "identity.password_length"))


def choose_company(memberships: Iterable[str], named: str | None, default: str) -> str:
    """The company that a sign-in is for: the named one, the only one, or the default one."""
    belongs_to = sorted(memberships)
    if named is not None:
        if named not in belongs_to:
            message = "the user name or the password is wrong"
            raise BadCredentials(message)
        return named
    if len(belongs_to) == 1:
        return belongs_to[0]
    if default in belongs_to:
        return default
    if not belongs_to:
        message = "the user name or the password is wrong"
        raise BadCredentials(message)
    message = f"name the company in the header X-Tenant: {', '.join(belongs_to)}"
    raise CompanyNotNamed(message)
