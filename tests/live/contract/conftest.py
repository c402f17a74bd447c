"""The contract's caller."""

from collections.abc import AsyncIterator
from typing import Final

import httpx
import pytest
from fastapi import FastAPI

RIGHTS: Final = ["live.facilitate", "live.read", "live.take_part", "plant.read"]


@pytest.fixture
async def client(client: httpx.AsyncClient, app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The black box's caller: an API key of an administrator and nothing else."""
    made = (await client.post("/api/v1/api-keys", json={"name": "Black box", "permissions": RIGHTS})).json()
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://foodflow.test", headers={"X-API-Key": made["key"]}
    ) as caller:
        yield caller
