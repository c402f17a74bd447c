"""The description of the interface says of every operation how it refuses, who may call it, and what it heeds."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from foodflow.live.routes.contract import ContractRoute
from tests.test_routes_are_closed import ROUTES

Operation = dict[str, Any]
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
LINES = "/api/v1/plant-ops/lines"
CONTRACT = {
    (route.path, method.lower())
    for route in ROUTES
    if isinstance(route.route, ContractRoute)
    for method in route.methods
}
"""Operations whose clients want their faults listed."""


@pytest.fixture
async def described(client: httpx.AsyncClient) -> dict[str, Any]:
    """The description, as anybody gets it."""
    whole: dict[str, Any] = (await client.get("/api/openapi.json")).json()
    return whole


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def headers(operation: Operation) -> set[str]:
    return {each["name"] for each in operation.get("parameters", ()) if each["in"] == "header"}


async def test_every_operation_describes_its_refusals_as_problems(described: dict[str, Any]) -> None:
    for path, method, operation in operations(described):
        refusals = {status: told for status, told in operation["responses"].items() if status >= "4"}
        assert {"400", "422", "default"} <= refusals.keys()
        assert ("404" in refusals) == ("{" in path), path
        assert ("409" in refusals) == (method != "get"), path
        assert ("401" in refusals) == ("403" in refusals) == ("security" in operation), path
        for status, told in refusals.items():
            lists_faults = status == "422" and (path, method) in CONTRACT
            if not (path.startswith("/health") and status == "503") and not lists_faults:
                assert told["content"] == PROBLEM, (path, status)


async def test_an_operation_of_the_contract_describes_the_faults_that_it_lists(described: dict[str, Any]) -> None:
    assert CONTRACT
    for path, method in CONTRACT:
        told = described["paths"][path][method]["responses"]
        detail = told["422"]["content"]["application/problem+json"]["schema"]["properties"]["detail"]
        assert (detail["type"], "415" in told) == ("array", False)


async def test_there_is_no_other_schema_of_a_refusal(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    assert "HTTPValidationError" not in schemas
    assert set(schemas["Problem"]["required"]) == {"type", "title", "status", "detail", "code", "request_id"}
    assert "$ref" in schemas["Problem"]["properties"]["errors"]["items"]
    assert "FieldProblem" in schemas


async def test_a_real_refusal_is_as_described(described: dict[str, Any], client: httpx.AsyncClient) -> None:
    refused = (await client.post(LINES, json={})).json()
    assert set(refused) == set(described["components"]["schemas"]["Problem"]["properties"])
    assert set(refused["errors"][0]) == set(described["components"]["schemas"]["FieldProblem"]["properties"])


async def test_each_way_to_sign_in_is_described(described: dict[str, Any]) -> None:
    schemes = described["components"]["securitySchemes"]
    assert {name: (scheme["type"], scheme.get("name")) for name, scheme in schemes.items()} == {
        "bearer": ("http", None),
        "key": ("apiKey", "X-API-Key"),
        "session": ("apiKey", "foodflow_session"),
        "csrf": ("apiKey", "X-CSRFToken"),
    }
    line = described["paths"][f"{LINES}/{{id}}"]
    assert line["get"]["security"] == [{"bearer": []}, {"key": []}, {"session": []}]
    assert line["patch"]["security"] == [{"bearer": []}, {"key": []}, {"session": [], "csrf": []}]
    assert "security" not in described["paths"]["/api/v1/auth/token"]["post"]


async def test_the_headers_that_an_operation_heeds_are_described(described: dict[str, Any]) -> None:
    lines, line = described["paths"][LINES], described["paths"][f"{LINES}/{{id}}"]
    start = described["paths"]["/api/v1/plant-ops/batches/{id}/start"]["post"]
    assert headers(lines["get"]) == {"X-Tenant"}
    assert headers(lines["post"]) == {"X-Tenant", "Idempotency-Key"}
    assert headers(line["get"]) == {"X-Tenant", "If-None-Match"}
    assert headers(line["patch"]) == headers(line["delete"]) == {"X-Tenant", "If-Match"}
    assert headers(start) == {"X-Tenant", "Idempotency-Key", "If-Match"}
    for operation in (line["patch"], line["delete"], start):
        assert operation["responses"]["412"]["content"] == PROBLEM
    assert "412" not in lines["post"]["responses"]
    assert "304" in line["get"]["responses"]


async def test_no_parameter_is_described_twice(described: dict[str, Any]) -> None:
    for path, _, operation in operations(described):
        names = [(each["in"], each["name"].lower()) for each in operation.get("parameters", ())]
        assert len(names) == len(set(names)), path


def test_the_description_is_made_once(app: FastAPI) -> None:
    assert app.openapi() is app.openapi()
