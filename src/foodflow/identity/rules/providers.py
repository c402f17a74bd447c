"""Outside identities: whom they stand for, where a sign-in may lead, and why one is refused."""

from collections.abc import Iterable

from foodflow.identity.rules.credentials import CompanyNotNamed, OtherCompany
from foodflow.kernel.errors import (
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    Unauthenticated,
    Unavailable,
)

HOME = "/"
_LONGEST_PATH = 2000


class NotLinked(Unauthenticated):
    """The token of an outside issuer is good, and nobody here is linked to whom it is about."""

    code = "identity.not_linked"

    def __init__(self) -> None:
        super().__init__(
            "this token is good, but nobody in FoodFlow is linked to it: sign in to FoodFlow and post it to"
            " /api/v1/auth/external-identities, or ask an administrator of your company to link you"
        )


class IdentityNotFound(NotFound):
    """There is no such external identity, as far as the caller may know."""

    code = "identity.external_identity_not_found"


class IdentityTaken(Conflict):
    """Whoever this is at the issuer, they are linked in this company already."""

    code = "identity.external_identity_taken"

    def __init__(self) -> None:
        super().__init__("this external identity is linked in your company already; unlink it first")


class ProviderNotFound(NotFound):
    """There is no such identity provider."""

    code = "identity.provider_not_found"


class ProviderNameTaken(Conflict):
    """The company has an identity provider of this name already."""

    code = "identity.provider_name_taken"


class ProviderAway(Unavailable):
    """The identity provider does not answer, or not as one does."""

    code = "identity.provider_away"

    def __init__(self) -> None:
        super().__init__("your company's identity provider does not answer as it should; try again in a while")


class SignInNotBegun(Malformed):
    """This browser has not begun the sign-in that it comes back from, or too long ago, or has finished it."""

    code = "identity.sign_in_not_begun"

    def __init__(self) -> None:
        super().__init__("this sign-in was not begun in this browser, is too old or was finished before; begin again")


class ProviderRefused(Forbidden):
    """The identity provider did not let the person in."""

    code = "identity.provider_refused"

    def __init__(self) -> None:
        super().__init__("your company's identity provider did not sign you in; begin again, or ask an administrator")


class BadProviderAnswer(Forbidden):
    """What the identity provider says of the person does not hold."""

    code = "identity.bad_provider_answer"

    def __init__(self) -> None:
        super().__init__("what your company's identity provider answered could not be verified; nobody was signed in")


class NotAMember(Forbidden):
    """Whoever has signed in at the provider is not (any longer) part of the company."""

    code = "identity.not_a_member"

    def __init__(self) -> None:
        super().__init__(
            "you have signed in at your company's identity provider, but nobody in this company is known by that;"
            " ask an administrator to invite or to link you"
        )


def choose_linked(companies: Iterable[str], named: str | None) -> str:
    """The company that an outside token is for: the named one, or the only one in which somebody is linked to it."""
    linked = sorted(companies)
    if not linked:
        raise NotLinked
    if named is None:
        if len(linked) > 1:
            raise CompanyNotNamed(f"name the company in the header X-Tenant: {', '.join(linked)}")
        return linked[0]
    if named not in linked:
        raise OtherCompany("this credential does not open the company that X-Tenant names")
    return named


def bad_token() -> Invalid:
    """The refusal of a token to link that is not (any longer) good, or not of an issuer that is trusted here."""
    message = "is not good, or not of an issuer that this installation trusts"
    return Invalid.because(FieldError("token", message, "identity.bad_outside_token"))


def require_trusted(*, trusted: bool) -> None:
    """Nobody is linked to an issuer whose word does not count here."""
    if not trusted:
        message = "is neither trusted by this installation nor one of your company's identity providers"
        raise Invalid.because(FieldError("issuer", message, "identity.untrusted_issuer"))


def local_path(wanted: str) -> str:
    r"""Where to lead somebody who has signed in: to a path of ours, and home where anything else was asked for.

    A browser takes `//host` and `/\host` for other sites, and drops tabs and line breaks on the way there.
    """
    plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted and len(wanted) <= _LONGEST_PATH
    return wanted if plain and wanted.startswith("/") and not wanted.startswith("//") else HOME
