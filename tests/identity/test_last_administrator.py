"""A company keeps at least one administrator who can act, whatever happens at once."""

import asyncio

import httpx
import psycopg
import pytest

from tests.conftest import ClientOf
from tests.identity.make import bearer, set_place, set_user, somebody
from tests.kernel.http.make import problem
from tests.make import Person

USERS = "/api/v1/users"


@pytest.fixture
def administrators(database_url: str, password_hash: str) -> list[Person]:
    """The two administrators of `akron`, and no others."""
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE platform.memberships SET roles = '{viewer}' WHERE tenant = 'akron'")
    return [somebody(database_url, password_hash, "akron", role="administrator") for _ in range(2)]


async def administrators_of_akron(client: httpx.AsyncClient, whose: Person) -> int:
    query = {"role": "administrator", "is_active": "true"}
    answer = await client.get(USERS, params=query, headers=bearer(whose))
    return len(answer.json()["results"]) if answer.status_code == 200 else -1


DEEDS = [
    ("PUT", "/roles", {"roles": ["viewer"]}),
    ("POST", "/deactivate", None),
    ("DELETE", "", None),
]


@pytest.mark.parametrize(("method", "path", "body"), DEEDS)
async def test_of_two_administrators_who_turn_on_each_other_at_once_one_stays(
    client_of: ClientOf, administrators: list[Person], database_url: str, method: str, path: str, body: object
) -> None:
    client = client_of(None)
    one, two = administrators
    answers = await asyncio.gather(
        client.request(method, f"{USERS}/{two.id}{path}", json=body, headers=bearer(one)),
        client.request(method, f"{USERS}/{one.id}{path}", json=body, headers=bearer(two)),
    )
    assert min(answer.status_code for answer in answers) in {200, 204}
    query = (
        "SELECT count(*) FROM platform.memberships"
        " WHERE tenant = 'akron' AND 'administrator' = ANY (roles) AND is_active"
    )
    with psycopg.connect(database_url) as connection:
        row = connection.execute(query).fetchone()
    assert row == (1,)


async def test_the_last_administrator_cannot_leave(
    anonymous_client: httpx.AsyncClient, administrators: list[Person]
) -> None:
    one, two = administrators
    assert (await anonymous_client.delete(f"{USERS}/{two.id}", headers=bearer(two))).status_code == 204
    answer = await anonymous_client.delete(f"{USERS}/{one.id}", headers=bearer(one))
    assert problem(answer, 409)["code"] == "identity.last_administrator"


@pytest.mark.parametrize("how", ["invited", "deactivated", "closed", "service"])
async def test_who_cannot_act_does_not_count(
    anonymous_client: httpx.AsyncClient, administrators: list[Person], database_url: str, how: str
) -> None:
    one, two = administrators
    if how == "invited":
        set_place(database_url, two, accepted_at=None)
    elif how == "deactivated":
        set_place(database_url, two, is_active=False)
    else:
        set_user(database_url, two.id, **({"is_active": False} if how == "closed" else {"kind": "service"}))
    problem(await anonymous_client.delete(f"{USERS}/{one.id}", headers=bearer(one)), 409)
