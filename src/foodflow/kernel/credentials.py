"""Credentials: passwords (Argon2id), opaque secrets (kept only as SHA-256) and signed access tokens (JWT, HS256)."""

import asyncio
import hashlib
import os
import secrets
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import argon2
import jwt

from foodflow.kernel import clock

ACCESS_TOKEN_LIFE = timedelta(minutes=30)
_ALGORITHM = "HS256"
_AUDIENCE = _ISSUER = "foodflow"
_NICENESS = 5
ResultT = TypeVar("ResultT")

# Argon2id with the second recommended option of RFC 9106, section 4 (64 MiB, 3 passes, 4 lanes).
_hasher = argon2.PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)


def _step_back() -> None:
    if sys.platform == "linux":  # where niceness is a thread's own, and goes on to the threads that it starts
        os.nice(_NICENESS)


# One core stays free of hashing, and where there is only one, whatever else there is to do goes first: a storm of
# sign-ins waits for itself, and not everybody else for it.
_hashing = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), "hashing", initializer=_step_back)


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says: who, for which company, out of which stay, signed in how, and until when."""

    user_id: int
    tenant: str
    family: UUID | None = None
    methods: tuple[str, ...] = ()
    until: datetime | None = None


def hash_password(password: str) -> str:
    """The Argon2id hash of a password, with its salt and parameters; takes tens of milliseconds of one core."""
    return _hasher.hash(password)


async def hashed(password: str) -> str:
    """The hash of a password that is being set, off the event loop and a few at a time."""
    return await _aside(hash_password, password)


async def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether a password fits a hash, off the event loop and a few at a time.

    Without a hash (an unknown user) the same work is done, so that the time taken tells nothing.
    """
    return await _aside(_matches, password_hash, password) and password_hash is not None


async def _aside(do: Callable[..., ResultT], *given: object) -> ResultT:
    return await asyncio.get_running_loop().run_in_executor(_hashing, do, *given)


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        return _hasher.verify(password_hash or _nobodys_hash(), password)
    except argon2.exceptions.VerificationError:
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe())


def new_secret() -> tuple[str, bytes]:
    """An unguessable secret for its holder (256 bits), and the hash that is stored."""
    secret = secrets.token_urlsafe(32)
    return secret, secret_hash(secret)


def secret_hash(secret: str) -> bytes:
    """What is stored of a secret. One round suffices: a secret of 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).digest()


def sign_access_token(key: str, claims: AccessClaims) -> str:
    """A JWT (RFC 7519) good until the claims' end, `ACCESS_TOKEN_LIFE` from now if they name none."""
    now = clock.now()
    payload: dict[str, Any] = {"sub": str(claims.user_id), "tenant": claims.tenant, "aud": _AUDIENCE, "iss": _ISSUER}
    payload |= {"iat": now, "exp": claims.until or now + ACCESS_TOKEN_LIFE, "amr": list(claims.methods)}
    if claims.family is not None:
        payload["sid"] = str(claims.family)
    return jwt.encode(payload, key, _ALGORITHM)


def read_access_token(key: str, token: str) -> AccessClaims | None:
    """What a token says, or None when its signature, algorithm, audience, issuer or time does not hold."""
    required = ["sub", "tenant", "aud", "iss", "iat", "exp"]
    try:
        payload = jwt.decode(token, key, [_ALGORITHM], {"require": required}, audience=_AUDIENCE, issuer=_ISSUER)
        family = UUID(payload["sid"]) if "sid" in payload else None
        until = datetime.fromtimestamp(payload["exp"], UTC)
        methods = tuple(map(str, payload.get("amr", ())))
        return AccessClaims(int(payload["sub"]), str(payload["tenant"]), family, methods, until)
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError):
        return None


def expires(life: timedelta) -> datetime:
    """The moment at which something that begins now ends."""
    return (clock.now() + life).astimezone(UTC)
