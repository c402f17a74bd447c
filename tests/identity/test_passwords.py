"""Passwords: changed by those who know theirs, set anew by those who read their mail, and never those guessed first."""

import base64
from uuid import uuid4

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from foodflow.identity.jobs import helping_job
from foodflow.identity.public.passwords import HELP_WHO_FORGOT
from foodflow.identity.rules.passwords import RESETS_AN_HOUR, require_acceptable_password
from foodflow.kernel.actor import system_actor
from foodflow.kernel.db import Database
from foodflow.kernel.errors import Invalid
from foodflow.kernel.tenancy import TenantName
from tests.identity.make import (
    audited,
    bearer,
    browser,
    forget_failures,
    link_in,
    mails,
    set_user,
    sign_in,
    somebody,
)
from tests.kernel.http.make import fields, problem
from tests.make import PASSWORD, Person

CHANGE = "/api/v1/auth/password/change"
FORGOTTEN = "/api/v1/auth/password/forgotten"
RESET = "/api/v1/auth/password/reset"
LINES = "/api/v1/plant-ops/lines"
NEW = "three words unlike each other"


@pytest.fixture
def person(database_url: str, password_hash: str) -> Person:
    """Somebody with an address."""
    person = somebody(database_url, password_hash, "demo")
    set_user(database_url, person.id, email=address_of(person))
    return person


def address_of(person: Person) -> str:
    return f"{person.username}@a.test"


async def help_all(app: FastAPI, database: Database, url: str) -> None:
    """Do the jobs of those who forgot."""
    job = helping_job(app.state.postbox, app.state.sealer)
    with psycopg.connect(url, options="-c search_path=jobs") as connection:
        query = "DELETE FROM procrastinate_jobs WHERE task_name = %s RETURNING args"
        waiting = [row[0] for row in connection.execute(query, [HELP_WHO_FORGOT])]
    for arguments in waiting:
        actor = system_actor(TenantName(arguments.pop("tenant")), "jobs")
        await job.run(database, actor, **arguments)


async def change(client: httpx.AsyncClient, headers: dict[str, str], current: str, new: str) -> httpx.Response:
    return await client.post(CHANGE, json={"current_password": current, "new_password": new}, headers=headers)


async def test_a_change_ends_all_other_stays_and_is_told_by_mail(
    anonymous_client: httpx.AsyncClient, database: Database, database_url: str, person: Person
) -> None:
    mine = (await sign_in(anonymous_client, person.username)).json()
    other = (await sign_in(anonymous_client, person.username)).json()
    cookie = {"Cookie": f"foodflow_session={await browser(database, person, 'demo')}"}
    headers = {"Authorization": f"Bearer {mine['access_token']}"}
    assert (await change(anonymous_client, headers, PASSWORD, NEW)).status_code == 204
    assert (await anonymous_client.get(LINES, headers=headers)).status_code == 200
    problem(await anonymous_client.get(LINES, headers={"Authorization": f"Bearer {other['access_token']}"}), 401)
    problem(await anonymous_client.get(LINES, headers=cookie), 401)
    problem(await sign_in(anonymous_client, person.username), 401)
    assert (await sign_in(anonymous_client, person.username, NEW)).status_code == 200
    assert [each["subject"] for each in mails(database_url, address_of(person))] == ["Your password was changed"]
    assert "user.password_changed" in audited(database_url, "demo", str(person.id))


async def test_a_wrong_current_password_changes_nothing_and_counts_as_a_failure(
    anonymous_client: httpx.AsyncClient, database: Database, person: Person
) -> None:
    await forget_failures(database)
    answers = [await change(anonymous_client, bearer(person), "wrong", NEW) for _ in range(5)]
    assert len({answer.status_code for answer in answers}) == 1
    assert answers[0].status_code in {401, 403, 422}
    problem(await change(anonymous_client, bearer(person), PASSWORD, NEW), 429)
    await forget_failures(database)
    assert (await sign_in(anonymous_client, person.username)).status_code == 200


async def test_a_forgotten_password_is_set_anew_with_the_link_and_all_stays_end(
    anonymous_client: httpx.AsyncClient, app: FastAPI, database: Database, database_url: str, person: Person
) -> None:
    stay = (await sign_in(anonymous_client, person.username)).json()
    answer = await anonymous_client.post(FORGOTTEN, json={"email": address_of(person).upper()})
    assert answer.status_code == 202
    await help_all(app, database, database_url)
    link = link_in(mails(database_url, address_of(person))[0])
    answer = await anonymous_client.post(RESET, json={"token": link, "new_password": NEW})
    assert (answer.status_code, "set-cookie" in answer.headers) == (204, False)
    problem(await anonymous_client.get(LINES, headers={"Authorization": f"Bearer {stay['access_token']}"}), 401)
    problem(await anonymous_client.post(RESET, json={"token": link, "new_password": NEW}), 409)
    assert (await sign_in(anonymous_client, person.username, NEW)).status_code == 200
    assert "user.password_reset" in audited(database_url, "demo", str(person.id))


async def test_nobody_learns_whether_an_address_is_known(
    anonymous_client: httpx.AsyncClient, app: FastAPI, database: Database, database_url: str, person: Person
) -> None:
    await help_all(app, database, database_url)
    unknown = f"{uuid4().hex}@a.test"
    answers = [await anonymous_client.post(FORGOTTEN, json={"email": each}) for each in (address_of(person), unknown)]
    assert answers[0].json() == answers[1].json()
    with psycopg.connect(database_url) as connection:
        query = "SELECT length(args ->> 'sealed') FROM jobs.procrastinate_jobs WHERE task_name = %s"
        assert len(connection.execute(query, [HELP_WHO_FORGOT]).fetchall()) == 2
    await help_all(app, database, database_url)
    assert mails(database_url, unknown) == []
    assert len(mails(database_url, address_of(person))) == 1


async def test_who_forgot_is_helped_while_the_default_company_is_suspended(
    anonymous_client: httpx.AsyncClient,
    app: FastAPI,
    database: Database,
    database_url: str,
    password_hash: str,
) -> None:
    person = somebody(database_url, password_hash, "akron")
    set_user(database_url, person.id, email=address_of(person))
    suspend = "UPDATE platform.tenants SET suspended_at = CASE WHEN %s THEN now() END WHERE slug = 'demo'"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(suspend, [True])
        await anonymous_client.post(FORGOTTEN, json={"email": address_of(person)})
        connection.execute(suspend, [False])
        query = "SELECT args ->> 'tenant' FROM jobs.procrastinate_jobs WHERE task_name = %s"
        assert connection.execute(query, [HELP_WHO_FORGOT]).fetchall() == [("akron",)]
    await help_all(app, database, database_url)
    assert len(mails(database_url, address_of(person))) == 1


async def test_an_address_gets_few_links_an_hour_and_each_ends_the_former(
    anonymous_client: httpx.AsyncClient, app: FastAPI, database: Database, database_url: str, person: Person
) -> None:
    for _ in range(RESETS_AN_HOUR + 2):
        await anonymous_client.post(FORGOTTEN, json={"email": address_of(person)})
        await help_all(app, database, database_url)
    links = [link_in(letter) for letter in mails(database_url, address_of(person))]
    assert len(links) == RESETS_AN_HOUR
    for link in links[:-1]:
        problem(await anonymous_client.post(RESET, json={"token": link, "new_password": NEW}), 409)
    assert (await anonymous_client.post(RESET, json={"token": links[-1], "new_password": NEW})).status_code == 204


@pytest.mark.parametrize("how", ["old", "closed", "never given out"])
async def test_a_link_that_does_not_hold_sets_nothing(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str, person: Person, how: str
) -> None:
    assert (await client.post(f"/api/v1/users/{person.id}/send-password-reset")).status_code == 202
    link = link_in(mails(database_url, address_of(person))[0])
    with psycopg.connect(database_url) as connection:
        if how == "old":
            connection.execute("UPDATE platform.tokens SET expires_at = now() WHERE user_id = %s", [person.id])
        elif how == "closed":
            connection.execute("UPDATE platform.users SET is_active = false WHERE id = %s", [person.id])
        else:
            link = "x" * 43
    problem(await anonymous_client.post(RESET, json={"token": link, "new_password": NEW}), 409)


async def test_a_manager_has_a_link_sent_to_those_who_have_an_address_and_a_password(
    client: httpx.AsyncClient, database_url: str, password_hash: str, person: Person
) -> None:
    silent = somebody(database_url, password_hash, "demo")
    answer = await client.post(f"/api/v1/users/{silent.id}/send-password-reset")
    assert problem(answer, 409)["code"] == "identity.no_email"
    set_user(database_url, person.id, password_hash=None)
    answer = await client.post(f"/api/v1/users/{person.id}/send-password-reset")
    assert problem(answer, 409)["code"] == "identity.no_password"


@pytest.mark.parametrize("path", [CHANGE, RESET])
async def test_a_bad_new_password_is_named(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str, person: Person, path: str
) -> None:
    await client.post(f"/api/v1/users/{person.id}/send-password-reset")
    link = link_in(mails(database_url, address_of(person))[0])
    proof = {"current_password": PASSWORD} if path == CHANGE else {"token": link}
    for new in ("short", "password123", address_of(person), person.username.upper()):
        answer = await anonymous_client.post(path, json=proof | {"new_password": new}, headers=bearer(person))
        assert fields(answer) == {"new_password"}


@pytest.mark.parametrize(
    "password",
    [
        "password1",
        "P@ssw0rd!",
        "$ecret123",
        "Sommer2026!",
        "welcome welcome",
        "qwertyuiop",
        "12345678",
        "87654321",
        "abcdefgh",
        "aaaaaaaa",
        "abababab",
        "abc123abc123",
        "31.12.1999",
        "1q2w3e4r",
        "administrator",
        "letmein!!",
        "ann.lee@akron.test",
        "Ann.Lee",
        "Akron Foods",
    ],
)
def test_what_is_guessed_first_is_no_password(password: str) -> None:
    with pytest.raises(Invalid):
        require_acceptable_password(password, ("ann", "ann.lee@akron.test", "akron", "Akron Foods"))


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "  between spaces  ",
        "Akron Foods makes soup",
        "password of the north gate",
        "4829 1057 3364 9921",
        base64.b64encode(b"sixteen bytes it").decode(),
        "пароль от склада",
        "a" * 8 + "qz" + "b" * 8,
    ],
)
def test_a_few_words_and_a_manager_s_random_ones_are_taken(password: str) -> None:
    require_acceptable_password(password, ("ann", "ann.lee@akron.test", "akron", "Akron Foods"))
