"""Signing in with a company's identity provider: which there are, where to begin, and who came back."""

import hmac
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from foodflow.identity.queries import providers as queries
from foodflow.identity.rules import providers as rules
from foodflow.identity.tables import IdentityProvider
from foodflow.identity.usecases import outside
from foodflow.identity.usecases.outside import Told
from foodflow.identity.usecases.tokens import SignedIn
from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, directory_transaction, platform_transaction
from foodflow.kernel.errors import FieldError, Invalid
from foodflow.kernel.openid_connect import Attempt, BadAnswerError, Client, OpenIdConnect
from foodflow.kernel.outside_sites import SiteError
from foodflow.kernel.sealing import BrokenSealError, Sealer
from foodflow.kernel.tenancy import TenantName

__all__ = ["ATTEMPT_SECONDS", "Choice", "Desk", "Finished", "Returned", "begin", "choices", "finish", "require_answer"]

ATTEMPT_SECONDS = 600
CALLBACK = "/api/v1/auth/oidc/callback"


@dataclass(frozen=True, slots=True)
class Choice:
    """A provider that a company's people can sign in with."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What signing in with a provider takes: the directory, the installation's seal, and the way to providers."""

    database: Database
    sealer: Sealer
    openid: OpenIdConnect
    url: str


@dataclass(frozen=True, slots=True)
class Returned:
    """What a browser brings back from a provider."""

    state: str = ""
    code: str = field(default="", repr=False)
    error: str = ""
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """Who has signed in, and where they wanted to go."""

    signed_in: SignedIn
    path: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept in the browser between its two calls."""

    provider: UUID
    attempt: Attempt
    path: str
    until: datetime


async def choices(database: Database, company: str) -> list[Choice]:
    """The providers of a company; none where there is no such company."""
    async with platform_transaction(database) as session:
        return [Choice(each.id, each.name) for each in await queries.open_providers(session, company)]


async def require_answer(openid: OpenIdConnect, issuer: str) -> None:
    """Refuse an issuer at whose address no provider of that name answers."""
    try:
        await openid.discover(issuer)
    except SiteError as error:
        raise Invalid.because(
            FieldError("issuer", f"is not a provider: {error}", "identity.no_provider_there")
        ) from None


async def begin(desk: Desk, provider_id: UUID, path: str) -> tuple[str, str]:
    """Where to send a browser that wants to sign in and then go to a path of ours, and what it has to keep, sealed."""
    async with platform_transaction(desk.database) as session:
        provider = await queries.provider_to_sign_in_with(session, provider_id)
    until = clock.now() + timedelta(seconds=ATTEMPT_SECONDS)
    kept = _Kept(provider.id, Attempt(), rules.local_path(path), until)
    try:
        address = await desk.openid.address_to_begin_at(_client(desk, provider), kept.attempt)
    except SiteError:
        raise rules.ProviderAway from None
    return address, desk.sealer.seal(json.dumps(asdict(kept), default=str).encode()).decode()


async def finish(desk: Desk, sealed: str, returned: Returned) -> Finished:
    """Who has come back; refuses who has not begun in this browser, and whom the provider or the directory do not know.

    No connection to the database is held while the provider is asked.
    """
    kept = _opened(desk.sealer, sealed)
    if kept is None or not hmac.compare_digest(kept.attempt.state.encode(), returned.state.encode()):
        raise rules.SignInNotBegun
    async with platform_transaction(desk.database) as session:
        provider = await queries.provider_to_sign_in_with(session, kept.provider)
    if returned.error or not returned.code:
        raise rules.ProviderRefused
    try:
        claims = await desk.openid.claims(
            _client(desk, provider), kept.attempt, code=returned.code, named=returned.issuer
        )
    except SiteError:
        raise rules.ProviderAway from None
    except BadAnswerError:
        raise rules.BadProviderAnswer from None
    told = Told(provider, claims, kept.attempt.state, kept.until)
    door = Actor(f"provider:{provider.id}", TenantName(provider.tenant))
    async with directory_transaction(desk.database, door) as session:
        return Finished(await outside.sign_in(session, told), kept.path)


def _client(desk: Desk, provider: IdentityProvider) -> Client:
    sealed = provider.sealed_client_secret
    secret = None if sealed is None else desk.sealer.open(sealed).decode()
    return Client(provider.issuer, provider.client_id, secret, desk.url + CALLBACK)


def _opened(sealer: Sealer, sealed: str) -> _Kept | None:
    """What the browser has kept, unless it is nothing of ours or too old."""
    try:
        kept = json.loads(sealer.open(sealed.encode()))
        until = datetime.fromisoformat(kept["until"])
        opened = _Kept(UUID(kept["provider"]), Attempt(**kept["attempt"]), kept["path"], until)
    except (BrokenSealError, ValueError, TypeError, KeyError):
        return None
    return opened if until > clock.now() else None
