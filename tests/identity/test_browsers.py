"""A browser signs in, changes things and signs out with one CSRF token; pages of other sites can do nothing with its
cookies.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from starlette.requests import HTTPConnection

from foodflow.identity.public.csrf import COOKIE, Csrf
from foodflow.identity.public.signing_in import SESSION_COOKIE
from foodflow.settings import Settings
from tests.identity.make import CSRF, LOGIN, LOGOUT, USER, Tab, somebody
from tests.kernel.http.make import problem
from tests.make import PASSWORD, SECRET_KEY, Person

LINES = "/api/v1/plant-ops/lines"
NINE = {
    *("id", "username", "email", "first_name", "last_name", "is_staff", "is_active", "date_joined", "last_login"),
}


@pytest.fixture
def person(database_url: str, password_hash: str) -> Person:
    return somebody(database_url, password_hash, "demo", role="manager")


@pytest.fixture
async def tab(anonymous_client: httpx.AsyncClient) -> Tab:
    return await Tab(anonymous_client).open()


def line(number: str) -> dict[str, str]:
    return {"line_number": number, "name": "Filling"}


async def test_one_tab_signs_in_writes_signs_out_and_in_again_with_the_token_that_it_fetched_first(
    tab: Tab, person: Person
) -> None:
    client = tab.client
    csrf_cookie = client.cookies[COOKIE]
    problem(await client.get("/api/auth/user/"), 401)
    for number in ("T-1", "T-2"):
        signed_in = await tab.post("/api/auth/login/", {"username": person.username, "password": PASSWORD})
        assert signed_in.status_code == 200
        assert set(signed_in.json()) >= NINE
        assert signed_in.json()["last_login"] is not None
        assert (await client.get("/api/auth/user/")).json() == signed_in.json()
        assert (await tab.post("/api/plant-ops/lines/", line(f"{person.id}-{number}"))).status_code == 201
        signed_out = await tab.post("/api/auth/logout/")
        assert (signed_out.status_code, signed_out.json()) == (200, {})
        assert SESSION_COOKIE not in client.cookies
        assert client.cookies[COOKIE] == csrf_cookie
        problem(await client.get("/api/auth/user/"), 401)
    problem(await tab.post(LINES, line("T-3")), 401)


@pytest.mark.parametrize("path", [CSRF, "/api/v1/auth/csrf", "/api/csrf/"])
async def test_anybody_is_given_a_token_that_stays_and_a_cookie_that_scripts_cannot_read(
    anonymous_client: httpx.AsyncClient, path: str
) -> None:
    first = await anonymous_client.get(path)
    assert first.headers["cache-control"] == "no-store"
    name_and_value, *attributes = first.headers["set-cookie"].split("; ")
    assert name_and_value.startswith(f"{COOKIE}=")
    assert {each.lower() for each in attributes} == {"httponly", "samesite=lax", "path=/"}
    second = await anonymous_client.get(path)
    assert second.json() == first.json()
    assert "set-cookie" not in second.headers


async def test_over_https_no_other_host_can_have_set_the_cookie(anonymous_client: httpx.AsyncClient) -> None:
    anonymous_client.base_url = httpx.URL("https://foodflow.test")
    cookie, *attributes = (await anonymous_client.get(CSRF)).headers["set-cookie"].split("; ")
    assert cookie.startswith("__Host-")
    assert {"Secure", "Path=/"} <= set(attributes)
    assert not any(each.lower().startswith("domain") for each in attributes)


@pytest.mark.parametrize("cookie", ["x", "a" * 42, "a" * 44, "ä" * 43, ""])
async def test_a_cookie_that_is_not_ours_is_replaced(anonymous_client: httpx.AsyncClient, cookie: str) -> None:
    headers = {b"cookie": f"{COOKIE}={cookie}".encode("latin-1")}
    assert "set-cookie" in (await anonymous_client.get(CSRF, headers=headers)).headers


def refused(answer: httpx.Response) -> bool:
    return bool(problem(answer, 403)["code"] == "identity.bad_csrf_token")


async def test_without_the_token_of_this_browser_nothing_is_changed(
    tab: Tab, person: Person, client_of: Callable[..., httpx.AsyncClient]
) -> None:
    others = await Tab(client_of(None)).open()
    assert others.token != tab.token
    await tab.sign_in(person.username)
    mine = tab.token
    for token in ("", "x", others.token, mine[:-1], mine.upper(), tab.client.cookies[COOKIE]):
        tab.token = token
        for path, body in ((LOGIN, {"username": person.username, "password": PASSWORD}), (LOGOUT, None)):
            assert refused(await tab.post(path, body))
        assert refused(await tab.post(LINES, line("C-1")))
    for method in ("PATCH", "DELETE"):
        assert refused(await tab.client.request(method, f"{LINES}/00000000-0000-7000-8000-000000000000"))
    del tab.client.cookies[COOKIE]
    tab.token = mine
    assert refused(await tab.post(LINES, line("C-1")))
    assert (await tab.client.get(USER)).status_code == 200


async def test_a_token_cannot_be_made_without_the_key_of_the_installation(tab: Tab, person: Person) -> None:
    forged = Csrf(Settings(), SECRET_KEY + "x")._token(tab.client.cookies[COOKIE])
    assert Csrf(Settings(), SECRET_KEY)._token(tab.client.cookies[COOKIE]) == tab.token
    tab.token = forged
    assert refused(await tab.sign_in(person.username))


@pytest.mark.parametrize(
    "origin", ["http://evil.test", "null", "http://foodflow.test.evil.test", "http://foodflow.test:81", ""]
)
async def test_a_page_of_another_site_is_refused_even_with_the_token(tab: Tab, person: Person, origin: str) -> None:
    await tab.sign_in(person.username)
    assert refused(await tab.post(LINES, line("O-1"), Origin=origin))
    assert refused(await tab.post(LOGOUT, Origin=origin))
    assert (await tab.client.get(USER)).status_code == 200


async def test_our_own_pages_and_those_of_trusted_sites_are_let_in(
    app: FastAPI, tab: Tab, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = app.state.settings.model_copy(update={"trusted_origins": ("https://app.example",)})
    monkeypatch.setitem(app.state._state, "csrf", Csrf(trusting, SECRET_KEY))
    await tab.sign_in(person.username)
    for number, origin in enumerate(("http://foodflow.test", "https://app.example", trusting.public_url)):
        assert (await tab.post(LINES, line(f"{person.id}-{number}"), Origin=origin)).status_code == 201
    assert refused(await tab.post(LINES, line("O-2"), Origin="https://app.example.evil.test"))


async def test_programs_need_no_such_token(client: httpx.AsyncClient) -> None:
    assert (await client.post(LINES, json=line("P-1"), headers={"Origin": "http://evil.test"})).status_code == 201


async def test_signing_in_makes_a_new_session_and_ends_the_one_that_was_brought(
    tab: Tab, person: Person, database_url: str, password_hash: str
) -> None:
    await tab.sign_in(person.username)
    first = tab.client.cookies[SESSION_COOKIE]
    other = somebody(database_url, password_hash, "akron")
    assert (await tab.sign_in(other.username)).json()["username"] == other.username
    assert tab.client.cookies[SESSION_COOKIE] != first
    tab.client.cookies.clear()
    problem(await tab.client.get(USER, headers={"Cookie": f"{SESSION_COOKIE}={first}"}), 401)


async def test_a_secret_that_somebody_else_put_into_the_browser_is_never_signed_in(tab: Tab, person: Person) -> None:
    tab.client.cookies.set(SESSION_COOKIE, "prepared", domain="foodflow.test", path="/")
    await tab.sign_in(person.username)
    tab.client.cookies.clear()
    problem(await tab.client.get(USER, headers={"Cookie": f"{SESSION_COOKIE}=prepared"}), 401)


async def test_a_failed_sign_in_keeps_the_session_that_was_there(tab: Tab, person: Person) -> None:
    await tab.sign_in(person.username)
    problem(await tab.sign_in(person.username, "wrong"), 401)
    assert (await tab.client.get(USER)).json()["username"] == person.username


async def test_signing_out_without_being_signed_in_is_no_error(tab: Tab) -> None:
    assert (await tab.post(LOGOUT)).json() == {}


async def test_signing_out_clears_what_the_browser_keeps(tab: Tab) -> None:
    assert (await tab.post(LOGOUT)).headers["clear-site-data"] == '"storage"'


async def test_a_person_of_a_suspended_company_is_told_so_after_the_right_password_alone(
    tab: Tab, database_url: str, password_hash: str
) -> None:
    suspended = somebody(database_url, password_hash, "akron")
    change = "UPDATE platform.tenants SET suspended_at = {} WHERE slug = 'akron'"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(change.format("now()").encode())
        problem(await tab.sign_in(suspended.username, "wrong"), 401)
        told = problem(await tab.sign_in(suspended.username), 403)
        connection.execute(change.format("NULL").encode())
    assert told["code"] == "identity.company_suspended"
    assert SESSION_COOKIE not in tab.client.cookies


@asynccontextmanager
async def at_home(app: FastAPI, monkeypatch: pytest.MonkeyPatch, host: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody at a host of an installation whose own is foodflow.example."""
    settings = app.state.settings.model_copy(update={"url": "https://foodflow.example"})
    monkeypatch.setitem(app.state._state, "settings", settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        yield client


async def test_the_host_names_the_company_to_sign_in_to(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, database_url: str, password_hash: str
) -> None:
    of_two = somebody(database_url, password_hash, "demo", "akron")
    of_demo = somebody(database_url, password_hash, "demo")
    async with at_home(app, monkeypatch, "Akron.foodflow.example:8443") as client:
        tab = await Tab(client).open()
        assert (await tab.sign_in(of_two.username)).json()["company"]["slug"] == "akron"
        problem(await tab.sign_in(of_demo.username), 401)
        disagreeing = await client.get(USER, headers={"X-Tenant": "demo"})
        assert problem(disagreeing, 403)["code"] == "identity.other_company"
    async with at_home(app, monkeypatch, "foodflow.example") as client:
        assert (await (await Tab(client).open()).sign_in(of_two.username)).json()["company"]["slug"] == "demo"


async def test_a_credential_of_another_company_than_the_host_is_refused(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, client: httpx.AsyncClient
) -> None:
    bearer = {"Authorization": client.headers["Authorization"]}
    for host, status in (("demo.foodflow.example", 200), ("akron.foodflow.example", 403), ("foodflow.example", 200)):
        async with at_home(app, monkeypatch, host) as elsewhere:
            assert (await elsewhere.get(USER, headers=bearer)).status_code == status


async def test_a_socket_opens_from_our_own_pages_and_those_of_trusted_sites_alone() -> None:
    csrf = Csrf(Settings(trusted_origins=("https://app.example",)), SECRET_KEY)

    def opens(origin: str | None) -> bool:
        headers = [(b"host", b"foodflow.test")] + ([(b"origin", origin.encode())] if origin is not None else [])
        return csrf.is_of_our_own(HTTPConnection({"type": "websocket", "headers": headers}))

    assert [opens(each) for each in ("http://foodflow.test", "https://app.example")] == [True, True]
    assert not any(opens(each) for each in (None, "", "null", "https://evil.test", "https://app.example.evil.test"))
