"""The pages that describe the interface bring everything with them."""

import re

import httpx
import pytest


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs/", "/api/redoc"])
async def test_the_pages_bring_all_that_they_refer_to(anonymous_client: httpx.AsyncClient, path: str) -> None:
    page = await anonymous_client.get(path)
    assert page.status_code == 200
    referred = set(re.findall(r'(?:src|href|spec-url)="([^"]+)"', page.text)) | {"/api/openapi.json"}
    assert any(address.endswith(".js") for address in referred)
    for address in referred:
        assert address.startswith("/api/"), "nothing is loaded from elsewhere"
        assert (await anonymous_client.get(address)).status_code == 200, address
    assert "/api/openapi.json" in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["index.html", "..%2Fcore.py", "%2e%2e", "core.py"])
async def test_no_other_file_can_be_had(anonymous_client: httpx.AsyncClient, name: str) -> None:
    assert (await anonymous_client.get(f"/api/docs/{name}")).status_code == 404
