"""Nobody slips in what a body does not take: roles, rights and companies are given by their own deeds alone."""

import re
from typing import Any, Final

import httpx
import pytest

from foodflow.live.routes.contract import ContractRoute
from tests.attacks.bodies import Operation, operations, resolved
from tests.attacks.callers import Csrf
from tests.kernel.http.make import fields
from tests.test_routes_are_closed import APP, ROUTES

NOBODY: Final = "00000000-0000-7000-8000-000000000000"
COVETED: Final = {
    "id": 1,
    "is_active": True,
    "is_operator": True,
    "is_staff": True,
    "is_superuser": True,
    "kind": "person",
    "password_hash": "x",
    "permissions": ["*"],
    "role": "administrator",
    "roles": ["administrator"],
    "sites": None,
    "teams": [],
    "tenant": "akron",
    "tenant_id": "akron",
    "user_id": 1,
    "version": 1,
    "__proto__": {},
}
"""Fields by which somebody would rise, or reach somebody else's things."""

LENIENT: Final = {
    f"{method} {route.path}" for route in ROUTES if isinstance(route.route, ContractRoute) for method in route.methods
}
"""Operations whose clients send more than is taken; what is not taken is ignored."""
ALL: Final = [each for each in operations(APP.openapi()) if each.schema is not None]
TAKING: Final = [each for each in ALL if f"{each.method} {each.path}" not in LENIENT]
IGNORING: Final = [each for each in ALL if f"{each.method} {each.path}" in LENIENT]


def taken_by(operation: Operation) -> set[str]:
    """The fields of a body, whichever of its forms is sent."""
    schema = resolved(operation.document, operation.schema or {})
    branches = [resolved(operation.document, each) for each in schema.get("anyOf", schema.get("oneOf", [schema]))]
    return {name for branch in branches for name in branch.get("properties", {})}


def test_there_are_bodies_to_slip_something_into() -> None:
    assert len(TAKING) > 10


@pytest.mark.parametrize("operation", TAKING, ids=lambda operation: f"{operation.method} {operation.path}")
async def test_a_body_takes_its_own_fields_and_refuses_all_others_by_name(
    ruler: httpx.AsyncClient, csrf: Csrf, operation: Operation
) -> None:
    path = re.sub(r"\{[^}]+\}", NOBODY, operation.path)
    foreign: dict[str, Any] = {name: value for name, value in COVETED.items() if name not in taken_by(operation)}
    answer = await ruler.request(operation.method, path, json=operation.body | foreign, headers=csrf.beside({}))
    assert set(foreign) <= {name.rpartition(".")[2] for name in fields(answer)}


@pytest.mark.parametrize("operation", IGNORING, ids=lambda operation: f"{operation.method} {operation.path}")
async def test_what_a_lenient_body_does_not_take_changes_nothing(
    client: httpx.AsyncClient, operation: Operation
) -> None:
    path = re.sub(r"\{[^}]+\}", NOBODY, operation.path)
    foreign = {name: value for name, value in COVETED.items() if name not in taken_by(operation)}
    plain = await client.request(operation.method, path, json=operation.body)
    more = await client.request(operation.method, path, json=operation.body | foreign)
    assert plain.status_code == more.status_code
    assert alike(plain) == alike(more)


def alike(answer: httpx.Response) -> object:
    """What is answered, but for what is made anew each time."""
    body = answer.json()
    made_anew = {"id", "request_id", "created_at", "updated_at", "qr_code", "admin_code", "participant_id"}
    return {name: value for name, value in body.items() if name not in made_anew}
