"""Sites of others: asked within bounds of time and size, and never one inside our own network in a company's name.

A company says where its identity provider is, and we go and ask there. So that nobody makes us ask what only we can
reach, a site's name is looked up once, its addresses are judged, and the connection is made to the address that was
judged; no redirect is followed.
"""

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx

from foodflow.kernel import clock

SECONDS = 5.0
"""How long a site has to answer, from the look-up of its name to the last byte."""
MAX_ANSWER = 64_000

FRESH = 600.0
"""Seconds for which what a site publishes is not asked for again."""
STALE = 3600.0
"""Seconds for which it is still used while the site is away."""
PAUSE = 30.0
"""Seconds between two times that it is asked for because something was not in it."""
AFTER_FAILURE = 5.0
"""Seconds for which a site that has not answered is left alone."""

_OK = 200
_MOST_ADDRESSES = 4
_OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
PublishedT = TypeVar("PublishedT")


_SECONDS_TO_TAKE = 10.0
_BYTES_SHOWN = 1000
_MOST_DIGITS = 9


class SiteError(Exception):
    """A site did not answer, not in time, not as it should, or must not be asked; the text says so in a sentence."""


@dataclass(frozen=True, slots=True)
class SiteAnswer:
    """What a site answered."""

    status: int
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a site answered to something that it was sent: its status, the beginning of its answer, and in how many
    seconds it wants to be asked again, if it says so.
    """

    status: int
    beginning: str
    retry_after: int | None


def is_web_address(url: str) -> bool:
    """Whether this is the address of something that can be asked: over https, or over http on this machine; with no
    password, fragment or anything unprintable in it.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError unless the port is a number from 0 to 65535
    except ValueError:
        return False
    if not parts.hostname or "@" in parts.netloc or "#" in url or not url.isascii() or not url.isprintable():
        return False
    return "\\" not in url and " " not in url and _is_sealed(parts.scheme, parts.hostname)


def _is_sealed(scheme: str, host: str) -> bool:
    return scheme == "https" or (scheme == "http" and host in _OWN_MACHINE)


def is_private_host(host: str) -> bool:
    """Whether a host is this machine or an address of a private network, as it is written; names are not looked up."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_private
    except ValueError:
        return False


class Sites:
    """Asks sites; those of private networks (and of this machine) only where `private` says so."""

    def __init__(self, *, private: bool) -> None:
        self._private = private

    async def get(self, url: str) -> dict[str, Any]:
        """The JSON object that a site publishes."""
        answer = await self._ask("GET", url)
        if answer.status != _OK:
            raise SiteError(f"{_named(url)} answered {answer.status}")
        return answer.content

    async def post(self, url: str, body: str, headers: Mapping[str, str]) -> SiteAnswer:
        """What a site answers to a form."""
        form = {"content-type": "application/x-www-form-urlencoded"}
        return await self._ask("POST", url, body, {**headers, **form})

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Receipt:
        """Send something to a site, and read no more than the beginning of what it says to that; a redirect is an
        answer as any other.
        """
        if not is_web_address(url):
            raise SiteError(f"{_named(url)} is not an https address")
        given = {"accept-encoding": "identity", **headers}
        transport = _ToJudgedAddress(private=self._private)
        try:
            async with (
                asyncio.timeout(_SECONDS_TO_TAKE),
                httpx.AsyncClient(transport=transport, trust_env=False, timeout=_SECONDS_TO_TAKE) as client,
                client.stream("POST", url, content=body, headers=given) as answer,
            ):
                beginning = await _beginning(answer)
        except TimeoutError:
            raise SiteError(f"{_named(url)} did not answer within {_SECONDS_TO_TAKE:.0f} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError):
            raise SiteError(f"{_named(url)} cannot be reached") from None
        return Receipt(answer.status_code, beginning, _retry_after(answer))

    async def _ask(
        self, method: str, url: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> SiteAnswer:
        if not is_web_address(url):
            raise SiteError(f"{_named(url)} is not an https address")
        given = {"accept": "application/json", "accept-encoding": "identity", **(headers or {})}
        transport = _ToJudgedAddress(private=self._private)
        try:
            async with (
                asyncio.timeout(SECONDS),
                httpx.AsyncClient(transport=transport, trust_env=False, timeout=SECONDS) as client,
                client.stream(method, url, content=body, headers=given) as answer,
            ):
                content = json.loads(await _bounded(answer))
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError):
            raise SiteError(f"{_named(url)} cannot be reached") from None
        except (ValueError, RecursionError):
            raise SiteError(f"{_named(url)} did not answer with JSON") from None
        if not isinstance(content, dict):
            raise SiteError(f"{_named(url)} did not answer with a JSON object")
        return SiteAnswer(answer.status_code, content)


async def _bounded(answer: httpx.Response) -> bytes:
    content = b""
    async for chunk in answer.aiter_raw():
        content += chunk
        if len(content) > MAX_ANSWER:
            raise SiteError(f"{_named(str(answer.request.url))} answered with more than {MAX_ANSWER // 1000} kB")
    return content


async def _beginning(answer: httpx.Response) -> str:
    content = b""
    async for chunk in answer.aiter_raw():
        content += chunk
        if len(content) >= _BYTES_SHOWN:
            break
    return content[:_BYTES_SHOWN].decode(errors="replace").replace("\0", "\ufffd")


def _retry_after(answer: httpx.Response) -> int | None:
    """The seconds of `Retry-After`, or those until the moment that it names (RFC 9110, section 10.2.3)."""
    given = answer.headers.get("retry-after", "")
    if given.isdecimal() and given.isascii() and len(given) <= _MOST_DIGITS:
        return int(given)
    try:
        moment = parsedate_to_datetime(given)
    except ValueError:
        return None
    until = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0, int((until - clock.now()).total_seconds()))


def _named(url: str) -> str:
    return urlsplit(url).hostname or "the site"


class _ToJudgedAddress(httpx.AsyncHTTPTransport):
    """Connects to an address that was judged, and to no other that the same name may stand for a moment later; the
    certificate is held against the name.
    """

    def __init__(self, *, private: bool) -> None:
        # No connection is kept: the pool knows them by address, and many names may share one.
        super().__init__(verify=_tls(), limits=httpx.Limits(max_keepalive_connections=0))
        self._private = private

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the first address that takes the connection."""
        named = request.url
        host = named.raw_host.decode("ascii")
        addresses = await self._addresses(host)
        request.extensions = {**request.extensions, "sni_hostname": host}
        for address in addresses[:-1]:
            request.url = named.copy_with(host=address)
            try:
                return await super().handle_async_request(request)
            except httpx.ConnectError:
                continue
        request.url = named.copy_with(host=addresses[-1])
        return await super().handle_async_request(request)

    async def _addresses(self, host: str) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        judged = [address for address in addresses if _may_be_asked(address, private=self._private)]
        if not judged:
            raise SiteError(f"{host} is not in the public network, so it is not asked")
        return judged[:_MOST_ADDRESSES]


def _may_be_asked(text: str, *, private: bool) -> bool:
    """Addresses of the public network; of private ones where they are allowed, but in no case those that machines
    find their own surroundings by (link-local, where clouds keep credentials).
    """
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_multicast or address.is_link_local or address.is_unspecified:
        return False
    return private or address.is_global


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


class Published(Generic[PublishedT]):
    """Something that a site publishes and rarely changes: asked for once by all who want it at the same time, and used
    for a while longer when the site is away.
    """

    def __init__(self, fetch: Callable[[], Awaitable[PublishedT]], now: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._now = fetch, now
        self._lock = asyncio.Lock()
        self._value: PublishedT | None = None
        self._fetched_at = self._failed_at = self._asked_again_at = float("-inf")

    async def get(self) -> PublishedT:
        """What was published, at most `FRESH` seconds ago if the site answers; raises SiteError where nothing is known
        that is younger than `STALE`.
        """
        if self._age() > FRESH and not (self._lock.locked() and self._age() <= STALE):
            async with self._lock:
                if self._age() > FRESH:  # nobody else has asked while we waited
                    await self._renew()
        return self._known()

    async def get_again(self) -> PublishedT:
        """The same, asked for anew because something is not in it; at most once in `PAUSE` seconds."""
        async with self._lock:
            if self._now() - self._asked_again_at > PAUSE:
                self._asked_again_at = self._now()
                await self._renew()
        return self._known()

    async def _renew(self) -> None:
        if self._now() - self._failed_at < AFTER_FAILURE:
            return
        try:
            self._value = await self._fetch()
        except SiteError:
            self._failed_at = self._now()
        else:
            self._fetched_at = self._now()

    def _age(self) -> float:
        return self._now() - self._fetched_at

    def _known(self) -> PublishedT:
        if self._value is None or self._age() > STALE:
            raise SiteError("what the site publishes is not known at the moment")
        return self._value
