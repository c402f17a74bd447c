"""Refresh tokens: good for a week, once; whoever uses one twice ends all that came of it."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import psycopg
import pytest

from foodflow.identity.usecases import tokens
from foodflow.identity.usecases.tokens import Caller, SignedIn
from foodflow.kernel import clock
from foodflow.kernel.db import Database, platform_transaction
from tests.identity.make import refresh, sign_in, somebody, user
from tests.kernel.http.make import fields, problem
from tests.make import Person

WEEK = timedelta(days=7)
AGE = "UPDATE platform.tokens SET created_at = created_at - %s, expires_at = expires_at - %s WHERE user_id = %s"


@pytest.fixture
def person(database_url: str, password_hash: str) -> Person:
    return somebody(database_url, password_hash, "demo")


@pytest.fixture
async def token(anonymous_client: httpx.AsyncClient, person: Person) -> str:
    """A refresh token that has just been given out."""
    return str((await sign_in(anonymous_client, person.username)).json()["refresh_token"])


async def rotated(client: httpx.AsyncClient, token: str) -> str:
    answer = await refresh(client, token)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["refresh_token"])


async def test_a_refresh_token_is_exchanged_for_a_new_pair(
    anonymous_client: httpx.AsyncClient, person: Person, token: str
) -> None:
    answer = await refresh(anonymous_client, token)
    given = answer.json()
    assert given["refresh_token"] != token
    assert answer.headers["cache-control"] == "no-store"
    assert (await user(anonymous_client, given["access_token"])).json()["username"] == person.username


async def test_each_new_token_works_once(anonymous_client: httpx.AsyncClient, token: str) -> None:
    for _ in range(3):
        token = await rotated(anonymous_client, token)


async def test_a_token_that_is_used_twice_ends_its_whole_family(
    anonymous_client: httpx.AsyncClient, token: str
) -> None:
    second = await rotated(anonymous_client, token)
    third = await rotated(anonymous_client, second)
    for spent in (token, second, third, third):
        refused = await refresh(anonymous_client, spent)
        assert problem(refused, 401)["code"] == "identity.bad_token"


async def test_another_sign_in_of_the_same_person_is_another_family(
    anonymous_client: httpx.AsyncClient, person: Person, token: str
) -> None:
    other = (await sign_in(anonymous_client, person.username)).json()["refresh_token"]
    await rotated(anonymous_client, token)
    problem(await refresh(anonymous_client, token), 401)
    await rotated(anonymous_client, other)


async def test_of_two_who_use_a_token_at_once_one_gets_a_pair_and_it_is_worth_nothing(
    anonymous_client: httpx.AsyncClient, token: str
) -> None:
    answers = await asyncio.gather(*(refresh(anonymous_client, token) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]
    winner = next(answer for answer in answers if answer.status_code == 200)
    problem(await refresh(anonymous_client, winner.json()["refresh_token"]), 401)


async def test_a_thief_who_is_just_exchanging_when_the_family_ends_is_left_with_nothing(
    anonymous_client: httpx.AsyncClient, database: Database, token: str
) -> None:
    stolen = await rotated(anonymous_client, token)
    async with platform_transaction(database) as thief:
        exchanged = await tokens.rotate(thief, stolen, Caller())
        assert exchanged is not None
        await thief.flush()
        detection = asyncio.create_task(refresh(anonymous_client, token))
        _, waiting = await asyncio.wait({detection}, timeout=0.3)
        assert waiting, "the detection must wait for the exchange"
    problem(await detection, 401)
    problem(await refresh(anonymous_client, exchanged.secret), 401)


async def test_a_token_is_good_until_its_week_is_over(
    anonymous_client: httpx.AsyncClient, database_url: str, person: Person, token: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(AGE, [WEEK - timedelta(minutes=1)] * 2 + [person.id])
    token = await rotated(anonymous_client, token)
    with psycopg.connect(database_url) as connection:
        connection.execute(AGE, [WEEK + timedelta(seconds=1)] * 2 + [person.id])
    problem(await refresh(anonymous_client, token), 401)


async def test_a_stay_that_is_kept_on_and_on_ends_after_ninety_days(
    anonymous_client: httpx.AsyncClient, database_url: str, person: Person, token: str
) -> None:
    for days, holds in ((83, True), (89, True), (91, False)):
        began = int((clock.now() - timedelta(days=days)).timestamp() * 1000)
        family = UUID(int=began << 80 | clock.new_id().int & (1 << 80) - 1)
        with psycopg.connect(database_url) as connection:
            connection.execute("UPDATE platform.tokens SET family = %s WHERE user_id = %s", [family, person.id])
        token = await rotated(anonymous_client, token)
        with psycopg.connect(database_url) as connection:
            left = "SELECT expires_at > now() FROM platform.tokens WHERE user_id = %s AND used_at IS NULL"
            assert connection.execute(left, [person.id]).fetchone() == (holds,)
    problem(await refresh(anonymous_client, token), 401)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE platform.users SET is_active = false WHERE id = %s",
        "DELETE FROM platform.memberships WHERE user_id = %s",
    ],
)
async def test_whoever_is_let_go_gets_no_new_tokens(
    anonymous_client: httpx.AsyncClient, database_url: str, person: Person, token: str, change: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(change.encode(), [person.id])
    problem(await refresh(anonymous_client, token), 401)


async def test_what_is_no_refresh_token_is_refused(
    anonymous_client: httpx.AsyncClient, person: Person, database: Database
) -> None:
    access_token = (await sign_in(anonymous_client, person.username)).json()["access_token"]
    async with platform_transaction(database) as session:
        cookie = (await tokens.begin(session, "session", SignedIn(person.id, "demo", ()), Caller())).secret
    for token in ("x", "ä", " ", cookie):
        assert (await refresh(anonymous_client, token)).status_code in {401, 422}
    assert fields(await refresh(anonymous_client, access_token)) == {"refresh_token"}


async def test_only_hashes_of_tokens_are_stored(database_url: str, token: str) -> None:
    with psycopg.connect(database_url) as connection:
        stored = connection.execute("SELECT t::text FROM platform.tokens AS t").fetchall()
    assert stored
    assert token not in str(stored)
    assert token.encode().hex() not in str(stored)


async def test_expired_tokens_are_forgotten_and_others_kept(
    anonymous_client: httpx.AsyncClient, database: Database, database_url: str, person: Person, token: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(AGE, [WEEK * 2] * 2 + [person.id])
    kept = (await sign_in(anonymous_client, person.username)).json()["refresh_token"]
    async with platform_transaction(database) as session:
        assert await tokens.forget_expired(session) >= 1
    with psycopg.connect(database_url) as connection:
        left = connection.execute("SELECT count(*) FROM platform.tokens WHERE user_id = %s", [person.id]).fetchone()
    assert left == (1,)
    await rotated(anonymous_client, kept)
