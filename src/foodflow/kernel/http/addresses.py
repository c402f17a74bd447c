"""Where a call comes from: behind proxies that are trusted, what those say of it."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

UNKNOWN = "unknown"
_SOCKET_SCHEMES = {"http": "ws", "https": "wss"}
_HOME = 64
"""One household or office has a whole network of this prefix in IPv6, so it counts as one address."""

_LONGEST = 64
"""Characters of an address, with a zone after it. What is read is remembered, and callers write what they like."""

_Address = IPv4Address | IPv6Address


class TrustedProxies:
    """Believes `X-Forwarded-For` and `X-Forwarded-Proto` of proxies in these networks, and of nobody else."""

    def __init__(self, app: ASGIApp, *, networks: Sequence[str]) -> None:
        self.app = app
        self.networks = tuple(map(ip_network, networks))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the caller's own address and scheme into the scope."""
        if scope["type"] in {"http", "websocket"} and self._trusts(_address(_peer(scope))):
            headers = Headers(scope=scope)
            scope["client"] = (self._caller(_peer(scope), headers.getlist("x-forwarded-for")), 0)
            said = ",".join(headers.getlist("x-forwarded-proto")).rpartition(",")[2].strip().lower()
            if said in _SOCKET_SCHEMES:
                scope["scheme"] = _SOCKET_SCHEMES[said] if scope["type"] == "websocket" else said
        await self.app(scope, receive, send)

    def _caller(self, peer: str, said: list[str]) -> str:
        """The last address that was not one of ours: what stands before it may be anybody's invention."""
        caller = peer
        for hop in reversed(",".join(said).split(",")):
            address = _address(_without_port(hop.strip()))
            if address is None:
                return caller
            caller = str(address)
            if not self._trusts(address):
                return caller
        return caller

    def _trusts(self, address: _Address | None) -> bool:
        return address is not None and any(address in network for network in self.networks)


def client_address(connection: HTTPConnection) -> str:
    """The caller's address."""
    return _peer(connection.scope)


def scheme(connection: HTTPConnection) -> str:
    """How the caller came to the first of our proxies: `http` or `https` (`ws` or `wss`)."""
    said: str = connection.scope["scheme"]
    return said


def counted_address(connection: HTTPConnection) -> str:
    """What calls are counted by: the caller's address, in IPv6 the network of /64 that it is in."""
    address = _address(client_address(connection))
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _HOME), strict=False))
    return str(address or UNKNOWN)


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else UNKNOWN


def _without_port(hop: str) -> str:
    """`192.0.2.1:4711` and `[2001:db8::1]:4711` without the port that some proxies add."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _address(text: str) -> _Address | None:
    return _read(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=4096)
def _read(text: str) -> _Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
