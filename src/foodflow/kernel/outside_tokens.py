"""Tokens of outside issuers (JWT, RFC 7519): verified with a secret that we share or with the keys that they publish.

What a token says about roles, companies or anything else that its holder could have written is not looked at: it proves
who somebody is at that issuer, and nothing more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from foodflow.kernel.errors import Unavailable
from foodflow.kernel.outside_sites import Published, SiteError, Sites
from foodflow.settings import Settings

SKEW_SECONDS = 30
"""How far an issuer's clock may be from ours."""
MAX_TOKEN = 16_000
MAX_SUBJECT = 255

_SHARED = "HS256"
_ALGORITHMS = {"RSA ": "RS256", "EC P-256": "ES256"}
"""What a published key is good for, by its type and curve."""
_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
_MOST_KEYS = 50
_MOST_RSA_BITS = 8192  # longer ones take long to verify with; too short ones the library refuses
_UNREADABLE = (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)

Keys = Mapping[str | None, jwt.PyJWK]
"""The keys that an issuer publishes, by their ids."""


class IssuerAway(Unavailable):
    """The issuer of this token does not tell its keys at the moment, so the token cannot be verified."""

    code = "outside_tokens.issuer_away"


@dataclass(frozen=True, slots=True)
class Issuer:
    """An outside issuer that this installation trusts, whom its tokens are for, and what they are verified with."""

    issuer: str
    audience: str
    secret: str | None = field(default=None, repr=False)
    jwks_url: str | None = None


@dataclass(frozen=True, slots=True)
class OutsideClaims:
    """Who somebody is at an issuer, and until when that is said."""

    issuer: str
    subject: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Signed:
    """What a token says whose signature, issuer, audience and times hold, and the header that it says it under."""

    header: dict[str, Any]
    claims: dict[str, Any]


def issuers_of(settings: Settings) -> tuple[Issuer, ...]:
    """The issuers that this installation trusts: Supabase, where it is set."""
    if settings.supabase_url is None:
        return ()
    issuer = f"{settings.supabase_url}/auth/v1"
    secret = settings.supabase_jwt_secret.get_secret_value() if settings.supabase_jwt_secret else None
    return (Issuer(issuer, "authenticated", secret, f"{issuer}/.well-known/jwks.json"),)


class OutsideTokens:
    """Reads the tokens of the issuers that this installation trusts."""

    def __init__(self, issuers: Iterable[Issuer], sites: Sites) -> None:
        self._issuers = {each.issuer: each for each in issuers}
        self._keys = {
            each.issuer: PublishedKeys(each.jwks_url, sites) for each in self._issuers.values() if each.jwks_url
        }

    def trusts(self, issuer: str) -> bool:
        """Whether tokens of this issuer are read."""
        return issuer in self._issuers

    async def read(self, token: str) -> OutsideClaims | None:
        """Who the token is about, or None when it is of nobody we trust or does not hold; raises IssuerAway."""
        issuer = self._issuers.get(_said_issuer(token))
        if issuer is None:
            return None
        signed = await self._verified(token, issuer)
        return None if signed is None else _outside_claims(signed.claims)

    async def _verified(self, token: str, issuer: Issuer) -> Signed | None:
        """The header only says which of our keys to try: each key is good for one algorithm, its own."""
        if issuer.secret is not None and _header(token).get("alg") == _SHARED:
            return verified(
                token, jwt.PyJWK(_secret_key(issuer.secret)), issuer=issuer.issuer, audience=issuer.audience
            )
        keys = self._keys.get(issuer.issuer)
        if keys is None:
            return None
        try:
            return await keys.verified(token, issuer=issuer.issuer, audience=issuer.audience)
        except SiteError:
            raise IssuerAway("the issuer of this token does not tell its keys at the moment; try again") from None


class PublishedKeys:
    """The keys that an issuer publishes at an address (a JWK set, RFC 7517)."""

    def __init__(self, url: str, sites: Sites) -> None:
        self._url, self._sites = url, sites
        self.published: Published[Keys] = Published(self._fetch)

    async def verified(self, token: str, *, issuer: str, audience: str) -> Signed | None:
        """What the token says, or None when it does not hold; raises SiteError where no keys are known."""
        header = _header(token)
        if header.get("alg") not in _ALGORITHMS.values():
            return None
        key = await self._key(header.get("kid"))
        return None if key is None else verified(token, key, issuer=issuer, audience=audience)

    async def _key(self, id: object) -> jwt.PyJWK | None:
        """The key of an id; without one, the only key that there is. An unknown id may be that of a new key."""
        if id is not None and not isinstance(id, str):
            return None
        return _chosen(await self.published.get(), id) or _chosen(await self.published.get_again(), id)

    async def _fetch(self) -> Keys:
        content = await self._sites.get(self._url)
        listed = content.get("keys")
        if not isinstance(listed, list):
            raise SiteError("the issuer's keys are not a JWK set")
        usable = (_usable_key(each) for each in listed[:_MOST_KEYS])
        return {key.key_id: key for key in usable if key is not None}


def verified(token: str, key: jwt.PyJWK, *, issuer: str, audience: str) -> Signed | None:
    """What a token says, or None when its signature by this very key, its issuer, audience or times do not hold."""
    try:
        decoded = jwt.decode_complete(
            token,
            key,
            [key.algorithm_name],
            {"require": _REQUIRED, "enforce_minimum_key_length": True},
            audience=audience,
            issuer=issuer,
            leeway=SKEW_SECONDS,
        )
    except _UNREADABLE:
        return None
    return Signed(decoded["header"], decoded["payload"])


def _chosen(keys: Keys, id: str | None) -> jwt.PyJWK | None:
    if id is None and len(keys) == 1:
        return next(iter(keys.values()))
    return keys.get(id)


def _usable_key(described: object) -> jwt.PyJWK | None:
    """A public key for signatures of one of our algorithms, which its type alone decides."""
    if not isinstance(described, dict) or "d" in described or described.get("use", "sig") != "sig":
        return None
    algorithm = _ALGORITHMS.get(f"{described.get('kty')} {described.get('crv', '')}")
    if algorithm is None or described.get("alg", algorithm) != algorithm:
        return None
    try:
        key = jwt.PyJWK(described, algorithm)
    except _UNREADABLE:
        return None
    if isinstance(key.key, RSAPublicKey) and key.key.key_size > _MOST_RSA_BITS:
        return None
    return key


def _secret_key(secret: str) -> dict[str, Any]:
    encoded = jwt.utils.base64url_encode(secret.encode()).decode()
    return {"kty": "oct", "k": encoded, "alg": _SHARED}


def _said_issuer(token: str) -> str:
    """Whom the token says that it is of; nothing is believed of it yet."""
    if len(token) > MAX_TOKEN:
        return ""
    try:
        said = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except _UNREADABLE:
        return ""
    return said if isinstance(said, str) else ""


def _header(token: str) -> dict[str, Any]:
    try:
        return jwt.get_unverified_header(token)
    except _UNREADABLE:
        return {}


def _outside_claims(claims: dict[str, Any]) -> OutsideClaims | None:
    subject = claims["sub"]
    if not subject or len(subject) > MAX_SUBJECT or "\0" in subject:
        return None
    try:
        return OutsideClaims(claims["iss"], subject, datetime.fromtimestamp(int(claims["exp"]), UTC))
    except (ValueError, OverflowError, OSError):
        return None
