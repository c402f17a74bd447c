"""Wire shapes of identity providers and external identities."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from foodflow.kernel.outside_sites import is_web_address
from foodflow.kernel.outside_tokens import MAX_SUBJECT, MAX_TOKEN
from foodflow.kernel.wire import In, Instant, Line, Out, Patch, Versioned


def _issuer(value: str) -> str:
    if "?" in value or not is_web_address(value):
        message = "must be an https address without user, query or fragment (http on this machine only)"
        raise ValueError(message)
    return value


Issuer = Annotated[str, Field(max_length=500), AfterValidator(_issuer)]
ClientId = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")]
Secret = Annotated[
    str, StringConstraints(strip_whitespace=False, min_length=1, max_length=500, pattern=r"^[\x20-\x7e]+$")
]


class ProviderIn(In):
    """An OpenID Connect provider, and what we are known by there; without a secret, as a public client with PKCE."""

    name: Line
    issuer: Issuer
    client_id: ClientId
    client_secret: Secret | None = None


class ProviderPatch(Patch):
    """A change of a provider; its issuer stays, because people are linked to it."""

    name: Line = ""
    client_id: ClientId = ""
    client_secret: Secret | None = None
    is_active: bool = True


class ProviderOut(Versioned):
    """A provider; its secret is never shown."""

    id: UUID
    name: str
    issuer: str
    client_id: str
    has_client_secret: bool
    is_active: bool
    redirect_uri: Annotated[str, Field(description="What to register at the provider")]
    created_at: Instant


class ProviderChoiceOut(Out):
    """A provider to sign in with."""

    id: UUID
    name: str


class TokenToLinkIn(In):
    """A token of an outside issuer, which proves who the caller is there."""

    token: Annotated[str, Field(min_length=1, max_length=MAX_TOKEN)]


class IdentityIn(In):
    """Who somebody is at an outside issuer."""

    issuer: Annotated[str, Field(min_length=1, max_length=500)]
    subject: Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=MAX_SUBJECT)]


class IdentityOut(Out):
    """Whom somebody is linked to."""

    id: UUID
    issuer: str
    subject: str
    created_at: Instant
    last_used_at: Instant | None
