"""The people of a company: who sees whom, and that nobody gets or gives more than they hold."""

from collections.abc import Callable

import httpx
import psycopg
import pytest

from foodflow.kernel.db import Database
from tests.identity.make import audited, bearer, browser, link_in, mails, set_place, set_user, sign_in, somebody
from tests.kernel.http.make import fields, problem
from tests.make import PASSWORD, Person

USERS = "/api/v1/users"
CONFIRM = "/api/v1/auth/email/confirm"
LINES = "/api/v1/plant-ops/lines"
Maker = Callable[..., Person]


@pytest.fixture
def make_person(database_url: str, password_hash: str) -> Maker:
    def make(role: str = "viewer", *companies: str, **place: object) -> Person:
        person = somebody(database_url, password_hash, *(companies or ("demo",)), role=role)
        if place:
            set_place(database_url, person, **place)
        return person

    return make


def at(person: Person) -> str:
    return f"{USERS}/{person.id}"


async def shown(client: httpx.AsyncClient, viewer: Person, **asked: str) -> set[int]:
    answer = await client.get(USERS, params={"page_size": "500"} | asked, headers=bearer(viewer))
    assert answer.status_code == 200, answer.text
    return {each["id"] for each in answer.json()["results"]}


async def test_a_manager_sees_everybody_a_supervisor_their_teams_and_a_viewer_themselves(
    anonymous_client: httpx.AsyncClient, make_person: Maker
) -> None:
    mate, other = make_person(teams=["early"]), make_person(teams=["late"])
    supervisor = make_person("supervisor", teams=["early", "office"])
    manager = make_person("manager")
    assert {mate.id, other.id, supervisor.id} <= await shown(anonymous_client, manager)
    assert await shown(anonymous_client, supervisor) == {mate.id, supervisor.id}
    assert await shown(anonymous_client, mate) == {mate.id}
    for viewer, whom, status in ((supervisor, mate, 200), (supervisor, other, 404), (mate, supervisor, 404)):
        assert (await anonymous_client.get(at(whom), headers=bearer(viewer))).status_code == status
    problem(await anonymous_client.patch(at(other), json={"first_name": "X"}, headers=bearer(supervisor)), 404)
    problem(await anonymous_client.patch(at(mate), json={"first_name": "X"}, headers=bearer(supervisor)), 403)


async def test_the_list_is_filtered_searched_and_ordered(client: httpx.AsyncClient, make_person: Maker) -> None:
    night = make_person("quality", teams=["night"])
    for asked in ({"team": "night"}, {"search": night.username}, {"role": "quality", "ordering": "-created_at"}):
        assert night.id in {each["id"] for each in (await client.get(USERS, params=asked)).json()["results"]}
    assert (await client.get(USERS, params={"team": "night", "role": "planner"})).json()["count"] == 0
    assert (await client.get(USERS, params={"team": "night", "is_active": "false"})).json()["count"] == 0
    page = (await client.get(USERS, params={"page_size": 2})).json()
    assert (len(page["results"]), page["previous"], page["count"] > 2) == (2, None, True)
    assert fields(await client.get(USERS, params={"password_hash": "x"})) == {"password_hash"}
    problem(await client.get(f"{USERS}/{2**63}"), 422)


async def test_a_person_is_shown_without_secrets(client: httpx.AsyncClient, make_person: Maker) -> None:
    person = make_person("planner", teams=["a"], sites=["north"])
    answer = await client.get(at(person))
    assert answer.headers["etag"].strip('"').startswith(str(answer.json()["version"]))
    assert {name: answer.json()[name] for name in ("kind", "roles", "sites", "teams", "is_active")} == {
        "kind": "person",
        "roles": ["planner"],
        "sites": ["north"],
        "teams": ["a"],
        "is_active": True,
    }
    assert not {"password_hash", "is_operator", "password"} & set(answer.json())


async def test_everybody_changes_their_own_names_and_nothing_else_that_way(
    anonymous_client: httpx.AsyncClient, database_url: str, make_person: Maker
) -> None:
    person = make_person()
    answer = await anonymous_client.patch(at(person), json={"first_name": " Ann "}, headers=bearer(person))
    assert (answer.status_code, answer.json()["first_name"]) == (200, "Ann")
    for field in ("roles", "tenant", "is_operator", "kind", "password", "is_active", "sites", "id"):
        body = {"first_name": "Bob", field: "administrator"}
        assert fields(await anonymous_client.patch(at(person), json=body, headers=bearer(person))) == {field}
    assert audited(database_url, "demo", str(person.id)) == ["user.renamed"]


async def test_a_change_of_what_somebody_else_has_changed_is_refused(
    client: httpx.AsyncClient, make_person: Maker
) -> None:
    person = make_person()
    seen = {"If-Match": (await client.get(at(person))).headers["etag"]}
    assert (await client.put(f"{at(person)}/roles", json={"roles": ["planner"]}, headers=seen)).status_code == 200
    problem(await client.put(f"{at(person)}/roles", json={"roles": ["quality"]}, headers=seen), 412)
    assert (await client.get(at(person))).json()["roles"] == ["planner"]


async def test_a_company_does_not_change_an_account_that_opens_more_than_itself(
    client: httpx.AsyncClient, database_url: str, make_person: Maker
) -> None:
    of_two, operator = make_person("viewer", "demo", "akron"), make_person()
    set_user(database_url, operator.id, is_operator=True)
    for person in (of_two, operator):
        for body in ({"first_name": "X"}, {"email": "mine@evil.test"}):
            assert problem(await client.patch(at(person), json=body), 403)["code"] == "identity.own_affair"
        problem(await client.post(f"{at(person)}/reset-second-factor"), 403)
        assert (await client.post(f"{at(person)}/deactivate")).status_code == 200


@pytest.mark.parametrize("given", [["administrator"], ["viewer", "administrator"]])
async def test_nobody_gives_what_they_do_not_hold(
    anonymous_client: httpx.AsyncClient, make_person: Maker, given: list[str]
) -> None:
    manager, person = make_person("manager"), make_person()
    answer = await anonymous_client.put(f"{at(person)}/roles", json={"roles": given}, headers=bearer(manager))
    assert problem(answer, 403)["code"] == "identity.raises_rights"
    planner = await anonymous_client.put(f"{at(person)}/roles", json={"roles": ["planner"]}, headers=bearer(manager))
    assert planner.json()["roles"] == ["planner"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/roles", {"roles": ["viewer"]}),
        ("PUT", "/scope", {"sites": [], "teams": []}),
        ("POST", "/deactivate", None),
        ("POST", "/end-sessions", None),
        ("POST", "/reset-second-factor", None),
        ("POST", "/send-password-reset", None),
        ("PATCH", "", {"first_name": "X"}),
        ("DELETE", "", None),
    ],
)
async def test_nobody_manages_who_holds_more(
    anonymous_client: httpx.AsyncClient, make_person: Maker, method: str, path: str, body: object
) -> None:
    manager, administrator = make_person("manager"), make_person("administrator")
    answer = await anonymous_client.request(method, at(administrator) + path, json=body, headers=bearer(manager))
    assert problem(answer, 403)["code"] == "identity.raises_rights"


@pytest.mark.parametrize(
    ("path", "body"),
    [("/roles", {"roles": ["viewer"]}), ("/scope", {"sites": None, "teams": []}), ("/deactivate", None)],
)
async def test_nobody_changes_what_they_may_themselves(
    anonymous_client: httpx.AsyncClient, make_person: Maker, path: str, body: object
) -> None:
    person = make_person("administrator")
    method = "POST" if body is None else "PUT"
    answer = await anonymous_client.request(method, at(person) + path, json=body, headers=bearer(person))
    assert problem(answer, 403)["code"] == "identity.not_oneself"


async def test_roles_must_be_known_and_the_trail_tells_before_and_after(
    client: httpx.AsyncClient, database_url: str, make_person: Maker
) -> None:
    person = make_person()
    for wrong in (["nonsense"], [], ["viewer"] * 21, "viewer", [None]):
        assert "roles" in {
            field[:5] for field in fields(await client.put(f"{at(person)}/roles", json={"roles": wrong}))
        }
    await client.put(f"{at(person)}/roles", json={"roles": ["planner", "quality"]})
    with psycopg.connect(database_url) as connection:
        connection.execute("SET ROLE t_demo")
        query = "SELECT details FROM t_demo.audit_entries WHERE action = 'user.roles_changed' AND subject = %s"
        told = connection.execute(query, [str(person.id)]).fetchall()
    assert told == [({"before": ["viewer"], "after": ["planner", "quality"]},)]


async def test_whoever_is_for_some_sites_gives_and_manages_at_most_these(
    anonymous_client: httpx.AsyncClient, make_person: Maker
) -> None:
    manager, person = make_person("manager", sites=["north", "east"]), make_person(sites=["north"])
    everywhere = make_person()
    for sites, status in ((["east"], 200), (["south"], 403), (None, 403), ([], 200)):
        body = {"sites": sites, "teams": ["any"]}
        answer = await anonymous_client.put(f"{at(person)}/scope", json=body, headers=bearer(manager))
        assert answer.status_code == status, answer.text
    problem(await anonymous_client.post(f"{at(everywhere)}/deactivate", headers=bearer(manager)), 403)


async def test_who_is_deactivated_can_do_nothing_from_the_next_request_on_and_comes_back_as_they_were(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, make_person: Maker
) -> None:
    person = make_person()
    assert (await anonymous_client.get(LINES, headers=bearer(person))).status_code == 200
    assert (await client.post(f"{at(person)}/deactivate")).json()["is_active"] is False
    problem(await anonymous_client.get(LINES, headers=bearer(person)), 401)
    problem(await sign_in(anonymous_client, person.username), 401)
    assert (await client.post(f"{at(person)}/activate")).json()["roles"] == ["viewer"]
    assert (await anonymous_client.get(LINES, headers=bearer(person))).status_code == 200


async def test_who_leaves_a_company_stays_in_the_others(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, make_person: Maker
) -> None:
    person = make_person("viewer", "demo", "akron")
    key = {"name": "K", "permissions": ["plant.read"]}
    made = (await anonymous_client.post("/api/v1/api-keys", json=key, headers=bearer(person, "demo"))).json()["key"]
    assert (await client.delete(at(person))).status_code == 204
    problem(await client.get(at(person)), 404)
    problem(await anonymous_client.get(LINES, headers=bearer(person, "demo")), 401)
    problem(await anonymous_client.get(LINES, headers={"X-API-Key": made}), 401)
    assert (await anonymous_client.get(LINES, headers=bearer(person, "akron"))).status_code == 200


async def test_people_leave_by_themselves(anonymous_client: httpx.AsyncClient, make_person: Maker) -> None:
    person, other = make_person(), make_person()
    problem(await anonymous_client.delete(at(other), headers=bearer(person)), 404)
    assert (await anonymous_client.delete(at(person), headers=bearer(person))).status_code == 204
    problem(await anonymous_client.get(LINES, headers=bearer(person)), 401)


async def test_somebody_is_signed_out_of_this_company_everywhere(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database: Database, make_person: Maker
) -> None:
    person = make_person("viewer", "demo", "akron")
    here, there = [
        {"Cookie": f"foodflow_session={await browser(database, person, company)}"} for company in ("demo", "akron")
    ]
    assert (await client.post(f"{at(person)}/end-sessions")).status_code == 200
    problem(await anonymous_client.get(LINES, headers=here), 401)
    assert (await anonymous_client.get(LINES, headers=there)).status_code == 200


async def test_a_new_address_counts_once_its_reader_has_confirmed_it(
    anonymous_client: httpx.AsyncClient, database_url: str, make_person: Maker
) -> None:
    person, other = make_person(), make_person()
    set_user(database_url, person.id, email=f"old-{person.id}@a.test")
    new = f"new-{person.id}@a.test"
    body = {"email": new.upper(), "current_password": PASSWORD}
    answer = await anonymous_client.patch(at(person), json=body, headers=bearer(person))
    assert (answer.status_code, answer.json()["email"]) == (200, f"old-{person.id}@a.test")
    assert "changed" in mails(database_url, f"old-{person.id}@a.test")[0]["text"]
    link = link_in(mails(database_url, new)[0])
    await anonymous_client.patch(at(person), json=body | {"email": f"third-{new}"}, headers=bearer(person))
    outdated = link_in(mails(database_url, f"third-{new}")[0])
    problem(await anonymous_client.post(CONFIRM, json={"token": link[:-4] + "AAAA"}), 409)
    assert (await anonymous_client.post(CONFIRM, json={"token": link})).status_code == 204
    for used in (link, outdated):
        problem(await anonymous_client.post(CONFIRM, json={"token": used}), 409)
    assert (await anonymous_client.get(at(person), headers=bearer(person))).json()["email"] == new
    body = {"email": new, "current_password": PASSWORD}
    assert (await anonymous_client.patch(at(other), json=body, headers=bearer(other))).status_code == 200
    taken = link_in(mails(database_url, new)[-1])
    assert problem(await anonymous_client.post(CONFIRM, json={"token": taken}), 409)["code"] == "identity.email_taken"


async def test_nobody_changes_their_address_without_their_password(
    anonymous_client: httpx.AsyncClient, database_url: str, make_person: Maker
) -> None:
    person = make_person()
    for body in ({"email": "x@a.test"}, {"email": "x@a.test", "current_password": "wrong"}):
        answer = await anonymous_client.patch(at(person), json=body, headers=bearer(person))
        assert answer.status_code in {401, 403, 422}, answer.text
    assert mails(database_url, "x@a.test") == []


async def test_a_lost_second_factor_is_taken_away_by_who_manages_people(
    client: httpx.AsyncClient, database_url: str, make_person: Maker
) -> None:
    person = make_person()
    query = (
        "INSERT INTO platform.second_factors (user_id, sealed_secret, created_at, confirmed_at)"
        " VALUES (%s, 'x', now(), now())"
    )
    with psycopg.connect(database_url) as connection:
        connection.execute(query, [person.id])
    assert (await client.get(at(person))).json()["has_second_factor"] is True
    assert (await client.post(f"{at(person)}/reset-second-factor")).json()["has_second_factor"] is False
    assert (await client.get(at(person))).json()["has_second_factor"] is False
