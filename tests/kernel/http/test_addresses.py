"""Where a call comes from: proxies are believed that the settings name, and nobody else."""

import httpx
import pytest
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from foodflow.kernel.http.addresses import TrustedProxies, client_address, counted_address, scheme
from foodflow.main import create_app
from foodflow.settings import Settings
from tests.kernel.http.make import call

PROXIES = ("10.0.0.0/8", "2001:db8:ffff::/48")
NEAR, FAR, CALLER = "10.0.0.5", "10.9.9.9", "192.0.2.1"


async def seen(peer: str | None, *headers: tuple[str, str], kind: str = "http") -> tuple[str, str]:
    """The caller's address and scheme as the application behind the proxies sees them."""
    found = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        connection = HTTPConnection(scope)
        found.append((client_address(connection), scheme(connection)))

    async def coming_from(scope: Scope, receive: Receive, send: Send) -> None:
        scope["client"] = (peer, 4711) if peer is not None else None
        await TrustedProxies(app, networks=PROXIES)(scope, receive, send)

    await call(coming_from, "/", [(name.encode(), value.encode("latin-1")) for name, value in headers], kind=kind)
    return found[0]


@pytest.mark.parametrize(
    ("peer", "said", "address"),
    [
        (NEAR, CALLER, CALLER),
        (NEAR, f"{CALLER}:4711", CALLER),
        (NEAR, f"{CALLER}, {FAR}", CALLER),
        (NEAR, f"6.6.6.6, {CALLER}", CALLER),
        (NEAR, f"6.6.6.6, {CALLER},{FAR}", CALLER),
        (NEAR, FAR, FAR),
        (NEAR, "", NEAR),
        (NEAR, "unknown", NEAR),
        (NEAR, f"{CALLER}, nonsense, {FAR}", FAR),
        (NEAR, f"fe80::1%{'x' * 1000}", NEAR),
        (NEAR, "2001:db8::7", "2001:db8::7"),
        (NEAR, "[2001:db8::7]:4711", "2001:db8::7"),
        (NEAR, "::ffff:192.0.2.1", CALLER),
        ("::ffff:10.0.0.5", CALLER, CALLER),
        ("2001:db8:ffff::1", CALLER, CALLER),
        (CALLER, "6.6.6.6", CALLER),
        ("2001:db8::1", "6.6.6.6", "2001:db8::1"),
        (None, "6.6.6.6", "unknown"),
    ],
)
async def test_the_last_address_that_is_no_proxy_of_ours_is_the_callers(
    peer: str | None, said: str, address: str
) -> None:
    assert (await seen(peer, ("x-forwarded-for", said)))[0] == address


async def test_several_lines_of_the_header_are_one_list() -> None:
    lines = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", CALLER), ("x-forwarded-for", FAR)]
    assert (await seen(NEAR, *lines))[0] == CALLER


@pytest.mark.parametrize(
    ("peer", "said", "kind", "found"),
    [
        (NEAR, "https", "http", "https"),
        (NEAR, "HTTPS", "http", "https"),
        (NEAR, "http, https", "http", "https"),
        (NEAR, "https", "websocket", "wss"),
        (NEAR, "javascript", "http", "http"),
        (NEAR, "", "http", "http"),
        (CALLER, "https", "http", "http"),
    ],
)
async def test_the_scheme_is_what_a_proxy_of_ours_says(peer: str, said: str, kind: str, found: str) -> None:
    assert (await seen(peer, ("x-forwarded-proto", said), kind=kind))[1] == found


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        (CALLER, CALLER),
        ("::ffff:192.0.2.1", CALLER),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("a-socket", "unknown"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address: str, counted: str) -> None:
    assert counted_address(HTTPConnection({"type": "http", "client": (address, 1), "headers": []})) == counted


async def test_links_lead_back_over_https_through_a_proxy_that_says_so(
    settings: Settings, client: httpx.AsyncClient
) -> None:
    app = create_app(settings.model_copy(update={"trusted_proxies": PROXIES}))
    headers = {"authorization": client.headers["authorization"], "x-forwarded-proto": "https"}
    for peer, beginning in ((NEAR, "https://t/"), (CALLER, "http://t/")):
        transport = httpx.ASGITransport(app, client=(peer, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://t", headers=headers) as behind:
            page = (await behind.get("/api/v1/plant-ops/lines", params={"page": 2})).json()
        assert page["previous"].startswith(beginning)
    await app.state.database.close()
