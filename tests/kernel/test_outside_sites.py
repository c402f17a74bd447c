"""Sites of others: which are asked, and at which of their addresses."""

import asyncio
from collections.abc import Iterator

import pytest

from foodflow.kernel.outside_sites import SiteError, Sites, is_web_address
from tests.identity import provider as providers
from tests.identity.provider import Provider


@pytest.fixture
def site() -> Iterator[Provider]:
    """Something on this machine that answers."""
    provider, server = providers.start()
    yield provider
    server.shutdown()
    server.server_close()


async def test_only_the_public_network_is_asked_in_a_companys_name(site: Provider) -> None:
    port = site.issuer.partition("127.0.0.1:")[2]
    hosts = ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "192.168.1.1", "169.254.169.254", "[fd00::1]", "0.0.0.0"]
    for host in (*hosts, "[::ffff:127.0.0.1]", "100.64.0.1", "224.0.0.1"):
        scheme = "http" if host in {"127.0.0.1", "localhost", "[::1]"} else "https"
        with pytest.raises(SiteError, match="not in the public network"):
            await Sites(private=False).get(f"{scheme}://{host}:{port}")
    for host in ("169.254.169.254", "[::ffff:169.254.169.254]", "[fe80::1]", "0.0.0.0", "224.0.0.1"):
        with pytest.raises(SiteError, match="not in the public network"):
            await Sites(private=True).get(f"https://{host}")
    assert not site.asked


async def test_an_address_is_judged_when_it_is_connected_to(site: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", ("127.0.0.1", 0))]

    async def getaddrinfo(*_: object, **__: object) -> object:
        return found

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    with pytest.raises(SiteError, match="not in the public network"):
        await Sites(private=False).get("https://looks-public.example")
    found = [(2, 1, 6, "", (f"127.0.0.{number}", 0)) for number in (2, 1, 3)]  # nobody listens at the first
    assert await Sites(private=True).get(site.issuer + "/jwks.json") == site.key_set()


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://login.example", True),
        ("https://login.example:8443/realms/plant", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost", True),
        ("http://login.example", False),
        ("http://127.0.0.1.example", False),
        ("http://localhost@login.example", False),
        ("https://user:password@login.example", False),
        ("https://login.example/#there", False),
        ("https://login.example\\@127.0.0.1", False),
        ("https://login.example:99999", False),
        ("https://", False),
        ("ftp://login.example", False),
        ("file:///etc/passwd", False),
        ("https://login.example/a b", False),
        ("", False),
    ],
)
def test_what_can_be_asked_is_an_https_address_or_this_machine(url: str, *, good: bool) -> None:
    assert is_web_address(url) is good
