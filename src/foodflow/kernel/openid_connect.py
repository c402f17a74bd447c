"""Signing in with OpenID Connect: discovery, the code flow with PKCE, and an ID token that is verified in full.

(OpenID Connect Core 1.0 and Discovery 1.0, RFC 6749, RFC 7636, RFC 9207.) Nothing is kept here of those who sign in.
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2.auth import ClientAuth  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core.claims import (  # type: ignore[import-untyped]
    CodeIDToken,
    InvalidClaimError,
    MissingClaimError,
)

from foodflow.kernel.outside_sites import Published, SiteError, Sites, is_private_host, is_web_address
from foodflow.kernel.outside_tokens import PublishedKeys, Signed
from foodflow.settings import Settings

_SCOPE = "openid email profile"
_MOST_PROVIDERS = 500
_OK, _SERVER_ERROR = 200, 500


class BadAnswerError(Exception):
    """The provider has answered, and what it says does not hold; nobody is signed in."""


@dataclass(frozen=True, slots=True)
class Client:
    """What we are to a provider."""

    issuer: str
    client_id: str
    secret: str | None = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What only the browser that begins to sign in knows until it comes back."""

    state: str = field(default_factory=secrets.token_urlsafe, repr=False)
    nonce: str = field(default_factory=secrets.token_urlsafe, repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)


@dataclass(frozen=True, slots=True)
class Provider:
    """What a provider says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    takes_secret_in_form: bool
    names_itself: bool


@dataclass(frozen=True, slots=True)
class _Known:
    provider: Published[Provider]
    keys: dict[str, PublishedKeys]


class OpenIdConnect:
    """Speaks with providers; remembers for a while what they publish."""

    def __init__(self, settings: Settings) -> None:
        """Providers of private networks are asked only by an installation that people reach in one themselves."""
        self._sites = Sites(private=is_private_host(urlsplit(settings.public_url).hostname or ""))
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def discover(self, issuer: str) -> Provider:
        """What a provider says of itself now; raises SiteError."""
        document = await self._sites.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        return _provider(issuer, document)

    async def address_to_begin_at(self, client: Client, attempt: Attempt) -> str:
        """Where to send the browser; raises SiteError."""
        provider = await self._of(client.issuer).provider.get()
        address: str = prepare_grant_uri(
            provider.authorization_endpoint,
            client_id=client.client_id,
            response_type="code",
            redirect_uri=client.redirect_uri,
            scope=_SCOPE,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
        )
        return address

    async def claims(self, client: Client, attempt: Attempt, *, code: str, named: str | None) -> dict[str, Any]:
        """What the provider says of whom it has sent back with a code, and with its own name where it gives that;
        raises SiteError or BadAnswerError.
        """
        provider = await self._of(client.issuer).provider.get()
        if named != client.issuer and (named is not None or provider.names_itself):
            raise BadAnswerError("the answer is of another provider")
        tokens = await self._exchange(client, provider, attempt, code)
        id_token = tokens.get("id_token")
        if not isinstance(id_token, str):
            raise BadAnswerError("the provider gave no ID token")
        signed = await self._keys(provider).verified(id_token, issuer=client.issuer, audience=client.client_id)
        if signed is None:
            raise BadAnswerError("the ID token does not hold")
        return _meant_for_us(signed, client, attempt, tokens.get("access_token"))

    async def _exchange(self, client: Client, provider: Provider, attempt: Attempt, code: str) -> dict[str, Any]:
        form = prepare_token_request(
            "authorization_code", code=code, redirect_uri=client.redirect_uri, code_verifier=attempt.verifier
        )
        method = "client_secret_post" if provider.takes_secret_in_form else "client_secret_basic"
        auth = ClientAuth(client.client_id, client.secret, method if client.secret else "none")
        address, headers, body = auth.prepare("POST", provider.token_endpoint, {}, form)
        answer = await self._sites.post(address, body, headers)
        if answer.status >= _SERVER_ERROR:
            raise SiteError("the provider failed")
        if answer.status != _OK:
            raise BadAnswerError("the provider does not take its code back")
        return answer.content

    def _of(self, issuer: str) -> _Known:
        known = self._known.get(issuer)
        if known is None:
            known = self._known[issuer] = _Known(Published(lambda: self.discover(issuer)), {})
        self._known.move_to_end(issuer)
        if len(self._known) > _MOST_PROVIDERS:
            self._known.popitem(last=False)
        return known

    def _keys(self, provider: Provider) -> PublishedKeys:
        known = self._of(provider.issuer)
        if provider.jwks_uri not in known.keys:
            known.keys.clear()  # the provider publishes them elsewhere now
            known.keys[provider.jwks_uri] = PublishedKeys(provider.jwks_uri, self._sites)
        return known.keys[provider.jwks_uri]


def _provider(issuer: str, document: dict[str, Any]) -> Provider:
    """The part of a discovery document that matters here, if it is this issuer's and complete."""
    if document.get("issuer") != issuer:
        raise SiteError("the provider calls itself by another issuer than this one")
    begin, exchange, keys = (document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"))
    if not (isinstance(begin, str) and isinstance(exchange, str) and isinstance(keys, str)):
        raise SiteError("the provider does not say where to sign in and where to fetch tokens and keys")
    if not all(map(is_web_address, (begin, exchange, keys))):
        raise SiteError("the provider names addresses that are not https")
    methods = document.get("token_endpoint_auth_methods_supported")
    in_form = isinstance(methods, list) and "client_secret_post" in methods and "client_secret_basic" not in methods
    names_itself = document.get("authorization_response_iss_parameter_supported") is True
    return Provider(issuer, begin, exchange, keys, takes_secret_in_form=in_form, names_itself=names_itself)


def _meant_for_us(signed: Signed, client: Client, attempt: Attempt, access_token: object) -> dict[str, Any]:
    """The claims, once they belong to this attempt of this client (nonce, azp, at_hash)."""
    params = {"nonce": attempt.nonce, "client_id": client.client_id, "access_token": access_token}
    id_token = CodeIDToken(signed.claims, signed.header, params=params)
    try:
        id_token.validate_nonce()
        id_token.validate_azp()
        id_token.validate_at_hash()
    except (InvalidClaimError, MissingClaimError, ValueError, TypeError, AttributeError):
        raise BadAnswerError("the ID token is not meant for this attempt to sign in") from None
    return signed.claims
