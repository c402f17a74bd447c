"""Invitations: what they open, and that it is opened by nobody but the reader of the mail, once."""

import asyncio
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.identity.make import audited, bearer, link_in, mails, set_place, set_user, sign_in, somebody
from tests.kernel.http.make import fields, problem
from tests.make import PASSWORD, Person

INVITATIONS = "/api/v1/invitations"
LOOK = "/api/v1/auth/invitations/look"
ACCEPT = "/api/v1/auth/invitations/accept"
LINES = "/api/v1/plant-ops/lines"
NEW = "three words unlike each other"


@pytest.fixture
def email() -> str:
    return f"{uuid4().hex}@a.test"


@pytest.fixture
def known(database_url: str, password_hash: str, email: str) -> Person:
    """Somebody of `akron` who has the address."""
    person = somebody(database_url, password_hash, "akron")
    set_user(database_url, person.id, email=email, first_name="Ann")
    return person


async def invite(client: httpx.AsyncClient, email: str, **more: object) -> httpx.Response:
    return await client.post(INVITATIONS, json={"email": email, "roles": ["viewer"]} | more)


def chosen(**more: str) -> dict[str, str]:
    return {"username": f"u{uuid4().hex}", "password": NEW} | more


async def test_somebody_new_is_invited_chooses_a_name_and_signs_in(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str, email: str
) -> None:
    answer = await invite(client, email.upper(), teams=["early"], sites=["north"], first_name="Ann")
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{INVITATIONS}/{answer.json()['id']}"
    assert answer.json()["email"] == email
    token = link_in(mails(database_url, email)[0])
    seen = await anonymous_client.post(LOOK, json={"token": token})
    assert seen.json() == {
        "company": "Demo",
        "email": email,
        "first_name": "Ann",
        "last_name": "",
        "needs_password": True,
    }
    account = chosen(last_name="Lee")
    joined = await anonymous_client.post(ACCEPT, json={"token": token} | account)
    assert joined.json() == {"username": account["username"], "company": "demo"}
    assert (await sign_in(anonymous_client, account["username"], NEW)).status_code == 200
    person = (await client.get(f"/api/v1/users/{answer.json()['id']}")).json()
    assert (person["roles"], person["sites"], person["teams"]) == (["viewer"], ["north"], ["early"])
    assert (person["first_name"], person["last_name"]) == ("Ann", "Lee")
    problem(await client.get(f"{INVITATIONS}/{person['id']}"), 404)
    assert audited(database_url, "demo", str(person["id"]))[:2] == ["user.invited", "user.joined"]


async def test_an_invitation_is_used_once_also_by_two_at_once(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str, email: str
) -> None:
    await invite(client, email)
    body = {"token": link_in(mails(database_url, email)[0])} | chosen()
    answers = await asyncio.gather(*(anonymous_client.post(ACCEPT, json=body) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    problem(await anonymous_client.post(LOOK, json={"token": body["token"]}), 409)


async def test_whoever_has_an_account_gains_nothing_until_they_accept_and_keeps_it_as_it_is(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str, known: Person, email: str
) -> None:
    await invite(client, email, first_name="Mallory")
    token = link_in(mails(database_url, email)[0])
    for path in (LINES, "/api/v1/auth/user"):
        problem(await anonymous_client.get(path, headers=bearer(known, "demo")), 401)
    problem(await anonymous_client.get(LINES, headers=bearer(known) | {"X-Tenant": "demo"}), 403)
    assert (await anonymous_client.post(LOOK, json={"token": token})).json()["needs_password"] is False
    taken_over = await anonymous_client.post(ACCEPT, json={"token": token} | chosen())
    assert fields(taken_over) == {"username", "password"}
    joined = await anonymous_client.post(ACCEPT, json={"token": token})
    assert joined.json()["username"] == known.username
    assert (await anonymous_client.get(LINES, headers=bearer(known, "demo"))).status_code == 200
    assert (await sign_in(anonymous_client, known.username, PASSWORD)).status_code == 200
    assert (await client.get(f"/api/v1/users/{known.id}")).json()["first_name"] == "Ann"


async def test_who_invites_does_not_learn_whether_the_address_is_known_elsewhere(
    client: httpx.AsyncClient, known: Person, email: str
) -> None:
    of_known = (await invite(client, email, first_name="X")).json()
    of_stranger = (await invite(client, f"{uuid4().hex}@a.test", first_name="X")).json()
    differing = {name for name in of_known if of_known[name] != of_stranger[name]}
    assert differing == {"id", "email", "created_at"}
    problem(await client.get(f"/api/v1/users/{known.id}"), 404)
    found = await client.get("/api/v1/users", params={"search": email})
    assert found.json()["count"] == 0


async def test_a_member_and_somebody_who_is_invited_already_are_not_invited_again(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient, known: Person, email: str
) -> None:
    assert problem(await invite(akron_client, email), 409)["code"] == "identity.already_member"
    assert (await invite(client, email)).status_code == 201
    problem(await invite(client, email), 409)


async def test_two_companies_that_invite_a_stranger_at_once_invite_one_account(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str
) -> None:
    email = f"{uuid4().hex}@a.test"
    one, two = await asyncio.gather(invite(client, email), invite(akron_client, email))
    assert one.json()["id"] == two.json()["id"]
    first, second = (link_in(letter) for letter in mails(database_url, email))
    assert (await anonymous_client.post(ACCEPT, json={"token": first} | chosen())).status_code == 200
    assert (await anonymous_client.post(ACCEPT, json={"token": second})).status_code == 200


async def test_an_account_that_two_invitations_are_accepted_for_at_once_is_made_once(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str
) -> None:
    email = f"{uuid4().hex}@a.test"
    for each in (client, akron_client):
        await invite(each, email)
    links = [link_in(letter) for letter in mails(database_url, email)]
    accepted = await asyncio.gather(*(anonymous_client.post(ACCEPT, json={"token": link} | chosen()) for link in links))
    assert {answer.status_code for answer in accepted} == {200}
    assert len({answer.json()["username"] for answer in accepted}) == 1


async def test_an_invitation_that_is_sent_again_ends_the_former_link(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str, email: str
) -> None:
    id = (await invite(client, email)).json()["id"]
    assert (await client.post(f"{INVITATIONS}/{id}/send-again")).status_code == 200
    first, second = (link_in(letter) for letter in mails(database_url, email))
    problem(await anonymous_client.post(LOOK, json={"token": first}), 409)
    assert (await anonymous_client.post(LOOK, json={"token": second})).status_code == 200


async def test_a_withdrawn_invitation_opens_nothing_and_leaves_nothing(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str, email: str
) -> None:
    id = (await invite(client, email)).json()["id"]
    assert (await client.delete(f"{INVITATIONS}/{id}")).status_code == 204
    body = {"token": link_in(mails(database_url, email)[0])} | chosen()
    problem(await anonymous_client.post(ACCEPT, json=body), 409)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT 1 FROM platform.users WHERE email = %s", [email]).fetchone() is None


async def test_a_withdrawn_invitation_leaves_an_account_that_is_used_elsewhere(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, known: Person, email: str
) -> None:
    await invite(client, email)
    assert (await client.delete(f"{INVITATIONS}/{known.id}")).status_code == 204
    assert (await anonymous_client.get(LINES, headers=bearer(known))).status_code == 200


async def test_an_invitation_is_open_for_a_week(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str, email: str
) -> None:
    await invite(client, email)
    with psycopg.connect(database_url) as connection:
        old = "UPDATE platform.tokens SET expires_at = expires_at - interval '7 days' WHERE kind = 'invitation'"
        connection.execute(old)
    body = {"token": link_in(mails(database_url, email)[0])} | chosen()
    assert problem(await anonymous_client.post(ACCEPT, json=body), 409)["code"] == "identity.bad_link"


async def test_who_invites_gives_no_more_than_they_hold(
    anonymous_client: httpx.AsyncClient, client: httpx.AsyncClient, database_url: str, password_hash: str, email: str
) -> None:
    manager = somebody(database_url, password_hash, "demo", role="manager")
    set_place(database_url, manager, sites=["north"])
    given = {"email": email, "roles": ["viewer"], "sites": ["north"]}
    for more in ({"roles": ["administrator"]}, {"sites": None}, {"sites": ["south"]}):
        answer = await anonymous_client.post(INVITATIONS, json=given | more, headers=bearer(manager))
        assert problem(answer, 403)["code"] == "identity.raises_rights"
    assert (await anonymous_client.post(INVITATIONS, json=given, headers=bearer(manager))).status_code == 201
    as_administrator = (await invite(client, f"{uuid4().hex}@a.test", roles=["administrator"], sites=["north"])).json()[
        "id"
    ]
    for method, path in (("DELETE", ""), ("POST", "/send-again")):
        address = f"{INVITATIONS}/{as_administrator}{path}"
        problem(await anonymous_client.request(method, address, headers=bearer(manager)), 403)


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"email": "no address"}, {"email"}),
        ({"email": "a@b\r\nBcc: c@d"}, {"email"}),
        ({"roles": ["nonsense"]}, {"roles"}),
        ({"password": NEW}, {"password"}),
        ({"is_operator": True}, {"is_operator"}),
    ],
)
async def test_what_is_no_invitation_is_invalid(
    client: httpx.AsyncClient, more: dict[str, object], wrong: set[str]
) -> None:
    body = {"email": "somebody@a.test", "roles": ["viewer"]} | more
    assert fields(await client.post(INVITATIONS, json=body)) == wrong


async def test_a_new_account_has_a_free_name_and_a_good_password(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str, email: str
) -> None:
    await invite(client, email)
    token = {"token": link_in(mails(database_url, email)[0])}
    for account, wrong in (
        ({}, {"username", "password"}),
        (chosen(username="ceo@a.test"), {"username"}),
        (chosen(password="password123"), {"password"}),
        (chosen(password=email), {"password"}),
    ):
        assert fields(await anonymous_client.post(ACCEPT, json=token | account)) == wrong
    taken = await anonymous_client.post(ACCEPT, json=token | chosen(username="administrator.demo"))
    assert problem(taken, 409)["code"] == "identity.user_name_taken"
    assert (await anonymous_client.post(ACCEPT, json=token | chosen())).status_code == 200
