"""Whoever fails too often is not looked at for a while, whether the name is known or not, and however right."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from foodflow.identity import jobs
from foodflow.identity.rules.lockouts import Attempt, LockedOut, shut_for
from foodflow.identity.usecases import lockouts, refusals
from foodflow.identity.usecases.accounts import Account
from foodflow.kernel import credentials
from foodflow.kernel.actor import system_actor
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.tenancy import TenantName
from tests.identity.make import audited, failures, forget_failures, sign_in, somebody
from tests.kernel.http.make import problem
from tests.make import PASSWORD, Person

HERE = "127.0.0.1"


@pytest.fixture(autouse=True)
async def _open_doors(database: Database) -> None:
    await forget_failures(database)


@pytest.fixture
def person(database_url: str, password_hash: str) -> Person:
    return somebody(database_url, password_hash, "demo")


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed, which costs nothing here."""
    seen: list[str] = []

    async def matches(password_hash: str | None, password: str) -> bool:
        seen.append(password)
        return password_hash is not None and password == PASSWORD

    monkeypatch.setattr(credentials, "password_matches", matches)
    return seen


def shift(url: str, span: timedelta) -> None:
    """Let so much time pass for what has failed."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "UPDATE platform.failures SET last_at = last_at - %(span)s, locked_until = locked_until - %(span)s",
            {"span": span},
        )


@asynccontextmanager
async def at(app: FastAPI, address: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://foodflow.test") as client:
        yield client


def test_a_door_is_shut_for_longer_with_each_failure_up_to_a_quarter_of_an_hour() -> None:
    spans = [shut_for(failures, 5) for failures in range(3, 13)]
    seconds = [span and span.total_seconds() for span in spans]
    assert seconds == [None, None, 30, 60, 120, 240, 480, 900, 900, 900]
    assert shut_for(10**9, 5) == timedelta(minutes=15)


def test_what_is_counted_are_the_name_the_address_and_both_together() -> None:
    one = Attempt(" Ann ", HERE)
    assert sorted(one.borne.values()) == [5, 30, 50]
    assert one.borne == Attempt("ann", HERE).borne
    assert set(one.borne) & set(Attempt("ann", "10.0.0.1").borne) == {one.of_name}
    assert set(one.borne) & set(Attempt("bob", HERE).borne) == {one.of_address}
    assert hashlib.sha256().digest_size == len(one.of_both)


async def test_after_five_failures_not_even_the_right_password_is_looked_at(
    anonymous_client: httpx.AsyncClient, database_url: str, person: Person, hashed: list[str]
) -> None:
    for _ in range(5):
        problem(await sign_in(anonymous_client, person.username, "wrong"), 401)
    hashed.clear()
    refused = await sign_in(anonymous_client, person.username)
    assert problem(refused, 429)["code"] == "identity.locked_out"
    assert 0 < int(refused.headers["retry-after"]) <= 30
    assert hashed == []
    shift(database_url, timedelta(seconds=31))
    assert (await sign_in(anonymous_client, person.username)).status_code == 200


async def test_an_unknown_name_is_locked_out_exactly_like_a_known_one(
    anonymous_client: httpx.AsyncClient, person: Person, hashed: list[str]
) -> None:
    told = []
    for username in (person.username, "nobody-of-this-name"):
        answers = [await sign_in(anonymous_client, username, "wrong") for _ in range(6)]
        kept = ("www-authenticate", "retry-after", "content-type")
        told.append(
            [
                (each.status_code, each.json() | {"request_id": ""}, [each.headers.get(name) for name in kept])
                for each in answers
            ]
        )
    assert told[0] == told[1]
    assert [status for status, *_ in told[0]] == [401] * 5 + [429]
    assert len(hashed) == 10


async def test_each_failure_after_the_lock_shuts_the_door_for_longer(
    anonymous_client: httpx.AsyncClient, database_url: str, person: Person, hashed: list[str]
) -> None:
    for _ in range(5):
        await sign_in(anonymous_client, person.username, "wrong")
    shift(database_url, timedelta(seconds=31))
    problem(await sign_in(anonymous_client, person.username, "wrong"), 401)
    assert 30 < int((await sign_in(anonymous_client, person.username)).headers["retry-after"]) <= 60


async def test_a_failure_after_a_day_is_the_first_again(
    anonymous_client: httpx.AsyncClient, database: Database, database_url: str, person: Person, hashed: list[str]
) -> None:
    for _ in range(4):
        await sign_in(anonymous_client, person.username, "wrong")
    shift(database_url, timedelta(days=1, minutes=1))
    await sign_in(anonymous_client, person.username, "wrong")
    assert set((await failures(database)).values()) == {1}


async def test_a_right_sign_in_clears_the_name_and_not_the_address(
    anonymous_client: httpx.AsyncClient, database: Database, person: Person, hashed: list[str]
) -> None:
    for _ in range(4):
        await sign_in(anonymous_client, person.username, "wrong")
    assert (await sign_in(anonymous_client, person.username)).status_code == 200
    assert await failures(database) == {Attempt(person.username, HERE).of_address: 4}


async def test_an_address_that_tries_many_names_is_locked_out_of_all_of_them(
    app: FastAPI, anonymous_client: httpx.AsyncClient, person: Person, hashed: list[str]
) -> None:
    for number in range(30):
        problem(await sign_in(anonymous_client, f"nobody-{number}", "wrong"), 401)
    problem(await sign_in(anonymous_client, person.username), 429)
    async with at(app, "10.1.1.1") as elsewhere:
        assert (await sign_in(elsewhere, person.username)).status_code == 200


async def test_a_name_that_is_tried_from_many_addresses_is_locked_everywhere(
    app: FastAPI, person: Person, hashed: list[str]
) -> None:
    for number in range(50):
        async with at(app, f"10.2.0.{number}") as client:
            problem(await sign_in(client, person.username, "wrong"), 401)
    async with at(app, "10.3.3.3") as client:
        problem(await sign_in(client, person.username), 429)


async def test_addresses_of_one_home_network_count_as_one(app: FastAPI, person: Person, hashed: list[str]) -> None:
    for number in range(5):
        async with at(app, f"2001:db8::{number}") as client:
            problem(await sign_in(client, person.username, "wrong"), 401)
    async with at(app, "2001:db8::ffff") as client:
        problem(await sign_in(client, person.username), 429)


async def test_of_twenty_failures_at_once_each_is_counted(database: Database) -> None:
    attempt = Attempt("at-once", HERE)

    async def fail() -> None:
        async with platform_transaction(database) as session:
            await refusals.count(session, Account(), attempt, named=None, default="demo")

    await asyncio.gather(*(fail() for _ in range(20)))
    assert await failures(database) == dict.fromkeys(attempt.borne, 20)


async def test_a_right_password_that_was_hashed_while_the_door_was_shut_is_refused(
    anonymous_client: httpx.AsyncClient, database: Database, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def matches_late(password_hash: str | None, password: str) -> bool:
        async with platform_transaction(database) as session:
            for _ in range(5):
                await lockouts.count(session, Attempt(person.username, HERE))
        return password_hash is not None and password == PASSWORD

    monkeypatch.setattr(credentials, "password_matches", matches_late)
    for password in (PASSWORD, "wrong"):
        problem(await sign_in(anonymous_client, person.username, password), 429)
        await forget_failures(database)


async def test_a_company_that_one_does_not_belong_to_counts_like_a_wrong_password(
    anonymous_client: httpx.AsyncClient, person: Person, hashed: list[str]
) -> None:
    for _ in range(5):
        problem(await sign_in(anonymous_client, person.username, **{"X-Tenant": "akron"}), 401)
    problem(await sign_in(anonymous_client, person.username), 429)


async def test_clearing_and_counting_at_once_do_not_stand_in_each_others_way(database: Database) -> None:
    attempts = [Attempt("back", HERE), Attempt("forth", HERE)]

    async def work(number: int) -> None:
        async with platform_transaction(database) as session:
            if number % 2:
                await lockouts.clear(session, *attempts)
            else:
                await lockouts.count(session, attempts[number % 4 // 2])

    await asyncio.gather(*(work(number) for number in range(24)))
    async with platform_transaction(database) as session:
        for _ in range(5):
            await lockouts.count(session, attempts[0])
        with pytest.raises(LockedOut):
            await lockouts.require_open(session, attempts[0])


async def test_old_failures_are_forgotten(
    anonymous_client: httpx.AsyncClient, database: Database, database_url: str, hashed: list[str]
) -> None:
    await sign_in(anonymous_client, "old", "wrong")
    shift(database_url, timedelta(days=1, hours=2))
    await sign_in(anonymous_client, "new", "wrong")
    await jobs.forget_old_failures(database)
    left = await failures(database)
    assert Attempt("old", HERE).of_name not in left
    assert Attempt("new", HERE).of_name in left


async def enqueued(url: str) -> list[tuple[str, dict[str, Any]]]:
    """The refusals that wait to be written down, the oldest first, with their companies; they wait no longer."""
    take = (
        "WITH taken AS (DELETE FROM jobs.procrastinate_jobs WHERE task_name = %s RETURNING id, args)"
        " SELECT args FROM taken ORDER BY id"
    )
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute("SET search_path = jobs")
        rows = await (await connection.execute(take, [refusals.RECORD_REFUSAL])).fetchall()
    return [(row[0].pop("tenant"), row[0]) for row in rows]


async def test_the_trail_of_the_company_tells_of_sign_ins_refusals_and_lock_outs(
    anonymous_client: httpx.AsyncClient, database: Database, database_url: str, password_hash: str, hashed: list[str]
) -> None:
    of_akron = somebody(database_url, password_hash, "akron")
    await enqueued(database_url)
    for _ in range(5):
        await sign_in(anonymous_client, of_akron.username, "wrong")
    await sign_in(anonymous_client, "nobody-of-this-name", "wrong")
    waiting = await enqueued(database_url)
    assert len(waiting) == 6
    for company, arguments in waiting:
        await jobs.record_refusal(database, system_actor(TenantName(company), "jobs"), **arguments)
    assert audited(database_url, "akron", f"user:{of_akron.id}") == ["session.refused"] * 4 + ["session.locked"]
    assert audited(database_url, "demo", f"user:{of_akron.id}") == []
