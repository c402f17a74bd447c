"""What each context adds to: how a thing of each path comes to be, so that tests can ask for it as somebody else."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import uuid4

import httpx

Maker = Callable[[httpx.AsyncClient], Awaitable[str]]
"""Makes a thing as the client's company and returns what stands in the path for it."""

PLANT: Final = "/api/v1/plant-ops"


async def _posted(client: httpx.AsyncClient, path: str, **body: object) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def _line(client: httpx.AsyncClient) -> dict[str, Any]:
    return await _posted(client, f"{PLANT}/lines", line_number=uuid4().hex, name="Filling")


async def _batch(client: httpx.AsyncClient) -> dict[str, Any]:
    line = await _line(client)
    product = {"product_code": "P", "product_name": "Soup", "target_quantity": 1}
    return await _posted(client, f"{PLANT}/batches", batch_number=uuid4().hex, line_id=line["id"], **product)


async def _sensor(client: httpx.AsyncClient) -> dict[str, Any]:
    line = await _line(client)
    kind = {"name": "Kettle", "sensor_type": "temperature", "unit_of_measure": "Cel"}
    return await _posted(client, f"{PLANT}/sensors", sensor_code=uuid4().hex, line_id=line["id"], **kind)


def _of(made: Callable[[httpx.AsyncClient], Awaitable[dict[str, Any]]], field: str = "id") -> Maker:
    async def make(client: httpx.AsyncClient) -> str:
        return str((await made(client))[field])

    return make


MAKERS: Final[dict[str, Maker]] = {
    f"{PLANT}/lines/{{id}}": _of(_line),
    f"{PLANT}/lines/by-number/{{number:path}}": _of(_line, "line_number"),
    f"{PLANT}/batches/{{id}}": _of(_batch),
    f"{PLANT}/batches/by-number/{{number:path}}": _of(_batch, "batch_number"),
    f"{PLANT}/sensors/{{id}}": _of(_sensor),
    f"{PLANT}/sensors/by-code/{{code:path}}": _of(_sensor, "sensor_code"),
    "/fragments/line/{id}": _of(_line),
}
"""By the path of a thing, which is also the beginning of the paths of everything below it."""
