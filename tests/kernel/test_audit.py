"""The audit trail: one chain per company, in which no change goes unnoticed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from foodflow.kernel import audit
from foodflow.kernel.actor import Actor
from foodflow.kernel.audit import Verdict
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.errors import Conflict

ENTRIES = 6
EMPTY = """
DELETE FROM t_demo.audit_entries;
UPDATE t_demo.audit_head SET sequence = 0, hash = decode(repeat('00', 32), 'hex');
"""
COPY = "INSERT INTO t_demo.audit_entries SELECT {sequence}, at, actor, action, subject, details, hash"
SWAP = """
UPDATE t_demo.audit_entries SET sequence = -sequence;
UPDATE t_demo.audit_entries SET sequence = CASE sequence WHEN -2 THEN 3 WHEN -3 THEN 2 ELSE -sequence END;
"""
TAMPERINGS = [
    ("UPDATE t_demo.audit_entries SET action = 'batch.thrown_away' WHERE sequence = 3", 3, "does not match"),
    ("UPDATE t_demo.audit_entries SET details = '{\"number\": 9}' WHERE sequence = 1", 1, "does not match"),
    ("UPDATE t_demo.audit_entries SET at = at + interval '1 microsecond' WHERE sequence = 5", 5, "does not match"),
    ("UPDATE t_demo.audit_entries SET actor = 'user:2' WHERE sequence = 6", 6, "does not match"),
    ("UPDATE t_demo.audit_entries SET hash = sha256('x') WHERE sequence = 2", 2, "does not match"),
    ("DELETE FROM t_demo.audit_entries WHERE sequence = 4", 4, "entry 4 is missing"),
    ("DELETE FROM t_demo.audit_entries WHERE sequence = 1", 1, "entry 1 is missing"),
    ("DELETE FROM t_demo.audit_entries WHERE sequence > 4", 5, "the head says that there are 6 entries"),
    ("DELETE FROM t_demo.audit_entries", 1, "the head says that there are 6 entries"),
    ("DELETE FROM t_demo.audit_head", 7, "the head is gone"),
    ("UPDATE t_demo.audit_head SET sequence = 5", 7, "the head says that there are 5 entries"),
    (f"{COPY.format(sequence=7)} FROM t_demo.audit_entries WHERE sequence = 6", 7, "does not match"),
    (f"{COPY.format(sequence=0)} FROM t_demo.audit_entries WHERE sequence = 1", 1, "an entry 0 stands before it"),
    (f"{COPY.format(sequence=-7)} FROM t_demo.audit_entries WHERE sequence = 1", 1, "an entry -7 stands before it"),
    (SWAP, 2, "does not match"),
]  # fmt: skip


@pytest.fixture
async def superuser(superuser_url: str) -> AsyncIterator[psycopg.AsyncConnection[tuple[object, ...]]]:
    async with await psycopg.AsyncConnection.connect(superuser_url, autocommit=True) as connection:
        await connection.execute(EMPTY)
        yield connection
        await connection.execute(EMPTY)
        await connection.execute("INSERT INTO t_demo.audit_head SELECT true, 0, '' ON CONFLICT DO NOTHING")
        await connection.execute(EMPTY)


async def record(database: Database, actor: Actor, count: int = 1, **details: object) -> None:
    async with tenant_transaction(database, actor) as session:
        for number in range(count):
            audit.record(session, actor, "thing.changed", number, **{"number": number, **details})


async def verdict(database: Database, actor: Actor, *, page: int = 4) -> Verdict:
    async with tenant_transaction(database, actor) as session:
        return await audit.verify(session, page=page)


async def test_the_chain_of_an_untouched_trail_holds_across_transactions_and_pages(
    database: Database, demo: Actor, superuser: object
) -> None:
    assert (await verdict(database, demo)).entries == 0
    for _ in range(3):
        await record(database, demo, 3)
    for page in (1, 4, 9, 100):
        found = await verdict(database, demo, page=page)
        assert (found.entries, found.first_bad, found.reason) == (9, None, "")


@pytest.mark.parametrize(("tampering", "first_bad", "reason"), TAMPERINGS)
async def test_tampering_is_found_and_the_first_bad_entry_is_named(
    database: Database,
    demo: Actor,
    superuser: psycopg.AsyncConnection[tuple[object, ...]],
    tampering: str,
    first_bad: int,
    reason: str,
) -> None:
    await record(database, demo, ENTRIES)
    await superuser.execute(tampering)
    found = await verdict(database, demo)
    assert found.first_bad == first_bad
    assert reason in found.reason


async def test_a_tampered_trail_of_one_company_says_nothing_about_anothers(
    database: Database, demo: Actor, akron: Actor, superuser: psycopg.AsyncConnection[tuple[object, ...]]
) -> None:
    await record(database, demo, 2)
    await record(database, akron, 2)
    await superuser.execute("UPDATE t_demo.audit_entries SET subject = 'x'")
    assert (await verdict(database, demo)).first_bad == 1
    assert (await verdict(database, akron)).first_bad is None


@pytest.mark.parametrize(
    "value",
    [
        0.1 + 0.2, 1e308, 5e-324, -0.0, 1e16, float("nan"), float("inf"), 2**70,
        'ä€😀 "quoted" \\ \n\t', "\ud800", "e\u0301", {"b": {"a": [1, {"z": None}]}, "a": 1}, {1: "one", "2": "two"},
        Decimal("1.10"), date(2001, 2, 3), datetime(2001, 2, 3, tzinfo=UTC), UUID(int=7), (1, 2), [],
    ],
    ids=repr,
)  # fmt: skip
async def test_whatever_an_entry_says_it_verifies_after_it_was_stored(
    database: Database, demo: Actor, superuser: object, value: object
) -> None:
    await record(database, demo, 2, value=value)
    found = await verdict(database, demo)
    assert (found.entries, found.reason) == (2, "")


async def test_writers_at_the_same_time_keep_one_chain_and_verifying_meanwhile_accuses_nobody(
    database: Database, demo: Actor, superuser: object
) -> None:
    done = asyncio.Event()

    async def keep_verifying() -> list[Verdict]:
        verdicts = []
        while not done.is_set():
            verdicts.append(await verdict(database, demo, page=2))
        return verdicts

    verifying = asyncio.create_task(keep_verifying())
    await asyncio.gather(*(record(database, demo, 2) for _ in range(40)))
    done.set()
    verdicts = await verifying
    assert len(verdicts) > 1
    assert {found.reason for found in verdicts} == {""}
    assert (await verdict(database, demo)).entries == 80


async def test_a_refused_deed_leaves_no_entry(database: Database, demo: Actor, superuser: object) -> None:
    await record(database, demo)

    async def refused() -> None:
        async with tenant_transaction(database, demo) as session:
            audit.record(session, demo, "thing.changed", 1)
            await audit.write(session)
            raise Conflict("no")

    with pytest.raises(Conflict):
        await refused()
    assert (await verdict(database, demo)).entries == 1


async def test_an_entry_says_who_did_what_to_which_thing(database: Database, demo: Actor, superuser: object) -> None:
    await record(database, demo, reason="late delivery")
    async with tenant_transaction(database, demo) as session:
        row = (await session.execute(text("SELECT actor, action, subject, details FROM audit_entries"))).one()
    assert row == ("user:of-demo", "thing.changed", "0", {"number": 0, "reason": "late delivery"})
