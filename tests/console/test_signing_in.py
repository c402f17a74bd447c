"""Signing in and out of a browser."""

from uuid import uuid4

import httpx
import psycopg
import pyotp
import pytest
from fastapi import FastAPI

from foodflow.identity.public.signing_in import SESSION_COOKIE
from foodflow.kernel.sealing import Sealer
from tests import make
from tests.console.make import BROWSER, Parsed
from tests.make import Person

People = dict[tuple[str, str], Person]
OWN = {"Origin": "http://foodflow.test"}


@pytest.fixture(scope="module")
def of_both_companies(database_url: str, password_hash: str) -> str:
    """The user name of somebody who belongs to both companies."""
    with psycopg.connect(database_url) as connection:
        return make.person(connection, "both", *make.COMPANIES, roles=["viewer"], password_hash=password_hash).username


async def sign_in(
    client: httpx.AsyncClient,
    username: str,
    password: str = make.PASSWORD,
    *,
    headers: dict[str, str] = OWN,
    **more: str,
) -> httpx.Response:
    form = {"username": username, "password": password} | more
    return await client.post("/login", data=form, headers=BROWSER | headers)


async def test_a_stranger_is_led_to_the_form(anonymous_client: httpx.AsyncClient) -> None:
    answer = await anonymous_client.get("/", headers=BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    form = Parsed((await anonymous_client.get("/login")).text)
    assert form.all("form", method="post", action="/login")
    assert [field["type"] for field in form.all("input", id="password")] == ["password"]


async def test_the_right_password_opens_the_board(anonymous_client: httpx.AsyncClient, people: People) -> None:
    answer = await sign_in(anonymous_client, people["demo", "viewer"].username)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    board = await anonymous_client.get("/")
    assert board.status_code == 200
    assert "Demo" in board.text


async def test_the_session_is_kept_in_a_cookie_that_scripts_and_other_sites_cannot_use(
    anonymous_client: httpx.AsyncClient, people: People
) -> None:
    answer = await sign_in(anonymous_client, people["demo", "viewer"].username)
    cookie, *attributes = answer.headers["set-cookie"].split("; ")
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    assert {attribute.lower() for attribute in attributes} == {"httponly", "samesite=lax", "path=/", "max-age=43200"}


async def test_a_cookie_given_over_https_is_never_sent_without_it(
    anonymous_client: httpx.AsyncClient, people: People
) -> None:
    anonymous_client.base_url = httpx.URL("https://foodflow.test")
    origin = {"Origin": "https://foodflow.test"}
    answer = await sign_in(anonymous_client, people["demo", "viewer"].username, headers=origin)
    assert "Secure" in answer.headers["set-cookie"].split("; ")


async def test_a_wrong_password_and_an_unknown_name_are_answered_alike(
    anonymous_client: httpx.AsyncClient, people: People
) -> None:
    known = people["demo", "viewer"].username
    pages = []
    for username in (known, "nobody"):
        answer = await sign_in(anonymous_client, username, "not the password")
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        assert "not the password" not in answer.text
        assert Parsed(answer.text).all("input", id="username", value=username)
        pages.append(answer.text.replace(username, "…"))
    assert pages[0] == pages[1]


async def test_what_was_entered_comes_back_as_text(anonymous_client: httpx.AsyncClient) -> None:
    hostile = '"><script>alert(1)</script>'
    answer = await sign_in(anonymous_client, hostile, "wrong")
    page = Parsed(answer.text)
    assert page.all("input", id="username", value=hostile)
    assert not page.all("script")


async def test_a_person_of_several_companies_is_asked_for_one(
    app: FastAPI, anonymous_client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, of_both_companies: str
) -> None:
    settings = app.state.settings.model_copy(update={"default_tenant": "another"})
    monkeypatch.setitem(app.state._state, "settings", settings)
    answer = await sign_in(anonymous_client, of_both_companies)
    assert answer.status_code == 409
    assert Parsed(answer.text).all("input", id="company")
    assert (await sign_in(anonymous_client, of_both_companies, company="akron")).status_code == 303
    assert "Akron" in (await anonymous_client.get("/")).text


async def test_a_company_that_one_does_not_belong_to_is_not_told_apart_from_a_wrong_password(
    anonymous_client: httpx.AsyncClient, people: People
) -> None:
    answer = await sign_in(anonymous_client, people["demo", "viewer"].username, company="akron")
    assert answer.status_code == 401
    assert "The user name or the password is wrong." in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://foodflow.test.evil.test"},
        {"Origin": "http://foodflow.test", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_form_of_another_site_is_refused(
    anonymous_client: httpx.AsyncClient, people: People, headers: dict[str, str]
) -> None:
    username = people["demo", "viewer"].username
    answer = await sign_in(anonymous_client, username, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    await sign_in(anonymous_client, username)
    assert (await anonymous_client.post("/logout", headers=headers)).status_code == 403
    assert (await anonymous_client.get("/")).status_code == 200


async def test_signing_out_ends_the_session_for_good(anonymous_client: httpx.AsyncClient, people: People) -> None:
    await sign_in(anonymous_client, people["demo", "viewer"].username)
    secret = anonymous_client.cookies[SESSION_COOKIE]
    answer = await anonymous_client.post("/logout", headers=OWN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert SESSION_COOKIE not in anonymous_client.cookies
    again = await anonymous_client.get("/", headers={"Cookie": f"{SESSION_COOKIE}={secret}"})
    assert again.headers["location"] == "/login"


async def test_signing_in_anew_ends_the_session_before(anonymous_client: httpx.AsyncClient, people: People) -> None:
    await sign_in(anonymous_client, people["demo", "viewer"].username)
    first = anonymous_client.cookies[SESSION_COOKIE]
    await sign_in(anonymous_client, people["demo", "operator"].username)
    anonymous_client.cookies.clear()
    assert (await anonymous_client.get("/", headers={"Cookie": f"{SESSION_COOKIE}={first}"})).status_code == 303


async def test_the_cookie_of_a_session_changes_nothing_by_itself(
    anonymous_client: httpx.AsyncClient, people: People
) -> None:
    await sign_in(anonymous_client, people["demo", "administrator"].username)
    body = {"line_number": "FORGED", "name": "Forged"}
    assert (await anonymous_client.post("/api/v1/plant-ops/lines", json=body)).status_code == 403


async def test_whoever_is_signed_in_is_led_from_the_form_to_the_board(
    anonymous_client: httpx.AsyncClient, people: People
) -> None:
    await sign_in(anonymous_client, people["demo", "viewer"].username)
    assert (await anonymous_client.get("/login")).headers["location"] == "/"


async def test_a_person_without_the_permission_is_told_so_and_may_leave(
    anonymous_client: httpx.AsyncClient, database_url: str, password_hash: str
) -> None:
    with psycopg.connect(database_url) as connection:
        make.person(connection, "guest", "demo", roles=[], password_hash=password_hash)
    await sign_in(anonymous_client, "guest")
    answer = await anonymous_client.get("/", headers=BROWSER)
    assert answer.status_code == 403
    page = Parsed(answer.text)
    assert "your role in this company does not let you see this" in page.text
    assert page.all("form", action="/logout")


async def test_a_form_longer_than_anybody_types_is_refused(anonymous_client: httpx.AsyncClient) -> None:
    answer = await sign_in(anonymous_client, "a" * 20_000)
    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("body", [b"username=\xff\xfe", b"username=a%00b&password=c", b"&".join([b"a=b"] * 500)])
async def test_a_form_that_cannot_be_read_is_refused(anonymous_client: httpx.AsyncClient, body: bytes) -> None:
    headers = OWN | {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await anonymous_client.post("/login", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


async def test_an_empty_form_signs_nobody_in(anonymous_client: httpx.AsyncClient) -> None:
    assert (await anonymous_client.post("/login", headers=OWN)).status_code == 401


@pytest.fixture
async def with_second_factor(database_url: str, password_hash: str) -> tuple[Person, str]:
    """Somebody whose second factor holds, and its secret."""
    secret = pyotp.random_base32()
    with psycopg.connect(database_url) as connection:
        username = f"two-{uuid4().hex}"
        person = make.person(connection, username, "demo", roles=["viewer"], password_hash=password_hash)
        sealed = Sealer(make.SECRET_KEY).seal(secret.encode())
        added = "INSERT INTO platform.second_factors VALUES (%s, %s, now(), now(), 0)"
        connection.execute(added, [person.id, sealed])
        connection.execute("DELETE FROM platform.failures")
    return person, secret


async def enter_code(client: httpx.AsyncClient, code: str, headers: dict[str, str] = OWN) -> httpx.Response:
    return await client.post("/login/code", data={"code": code}, headers=BROWSER | headers)


async def test_a_second_factor_is_asked_for_on_a_page_of_its_own_after_the_password(
    anonymous_client: httpx.AsyncClient, with_second_factor: tuple[Person, str]
) -> None:
    person, secret = with_second_factor
    first = await sign_in(anonymous_client, person.username)
    assert (first.status_code, first.headers["location"]) == (303, "/login/code")
    assert SESSION_COOKIE not in anonymous_client.cookies
    assert (await anonymous_client.get("/", headers=BROWSER)).headers["location"] == "/login"
    _, *attributes = first.headers["set-cookie"].split("; ")
    expected = {"httponly", "samesite=lax", "path=/login", "max-age=300"}
    assert {attribute.lower() for attribute in attributes} == expected
    form = Parsed((await anonymous_client.get("/login/code")).text)
    assert form.all("form", method="post", action="/login/code")
    assert not form.all("input", id="password")
    wrong = await enter_code(anonymous_client, "000000")
    assert wrong.status_code == 401
    assert "The code is wrong" in wrong.text
    code = pyotp.TOTP(secret).now()
    right = await enter_code(anonymous_client, code)
    assert (right.status_code, right.headers["location"]) == (303, "/")
    assert (await anonymous_client.get("/")).status_code == 200
    assert (await anonymous_client.get("/login/code")).headers["location"] == "/login"


async def test_a_challenge_is_good_once_for_a_few_tries_and_for_a_few_minutes(
    anonymous_client: httpx.AsyncClient, with_second_factor: tuple[Person, str], database_url: str
) -> None:
    person, secret = with_second_factor
    kept = []
    for change in ("used_at = now()", "tries = 5", "expires_at = now()", "revoked_at = now()"):
        await sign_in(anonymous_client, person.username)
        with psycopg.connect(database_url) as connection:
            where = "WHERE user_id = %s AND kind = 'challenge'"
            connection.execute(f"UPDATE platform.tokens SET {change} {where}", [person.id])
        kept.append(await enter_code(anonymous_client, pyotp.TOTP(secret).now()))
    assert [answer.status_code for answer in kept] == [401] * 4
    assert all("enter your password again" in answer.text for answer in kept)
    assert all(Parsed(answer.text).all("input", id="password") for answer in kept)
    await sign_in(anonymous_client, person.username)
    for _ in range(2):
        await enter_code(anonymous_client, "000000")
    with psycopg.connect(database_url) as connection:
        query = "SELECT max(tries) FROM platform.tokens WHERE user_id = %s AND used_at IS NULL AND tries < 5"
        assert connection.execute(query, [person.id]).fetchone() == (2,)


async def test_without_a_challenge_or_from_another_site_no_code_is_taken(
    anonymous_client: httpx.AsyncClient, with_second_factor: tuple[Person, str]
) -> None:
    person, secret = with_second_factor
    code = pyotp.TOTP(secret).now()
    assert (await enter_code(anonymous_client, code)).status_code == 401
    await sign_in(anonymous_client, person.username)
    evil = await enter_code(anonymous_client, code, {"Origin": "http://evil.test"})
    assert evil.status_code == 403
    assert (await enter_code(anonymous_client, code)).status_code == 303


async def test_who_fails_too_often_is_told_to_wait(
    anonymous_client: httpx.AsyncClient, with_second_factor: tuple[Person, str]
) -> None:
    person, _ = with_second_factor
    await sign_in(anonymous_client, person.username)
    for _ in range(5):
        await enter_code(anonymous_client, "000000")
    for answer in (
        await sign_in(anonymous_client, person.username),
        await sign_in(anonymous_client, person.username, "x"),
    ):
        assert answer.status_code == 429
        assert "Too many attempts" in answer.text
        assert int(answer.headers["retry-after"]) > 0
