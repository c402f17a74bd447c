"""`foodflow audit verify`: the trail holds, or its first bad record is named."""

import httpx
import psycopg
import pytest

from tests.cli.make import foodflow
from tests.plant import make
from tests.plant.make import PLANT, good

pytestmark = pytest.mark.usefixtures("on_database")


@pytest.fixture
async def trail(client: httpx.AsyncClient) -> None:
    """Some records in the company `demo`."""
    for _ in range(3):
        line = await make.line(client)
        good(await client.patch(f"{PLANT}/lines/{line['id']}", json={"name": "changed"}))


@pytest.mark.usefixtures("trail")
async def test_a_trail_that_holds_is_told_with_its_length_and_head() -> None:
    said = await foodflow("audit", "verify")
    assert (said.code, said.err) == (0, "")
    akron, demo = said.out.splitlines()
    assert akron == f"akron: 0 records hold; head {'0' * 64}"
    assert demo.startswith("demo: ")
    assert said.out == (await foodflow("audit", "verify")).out


async def test_a_company_that_is_none_is_named() -> None:
    assert "there is no company nobody" in (await foodflow("audit", "verify", "--company", "nobody")).refusal


@pytest.mark.usefixtures("trail")
@pytest.mark.parametrize(
    ("tampering", "reason"),
    [
        ("UPDATE t_demo.audit_entries SET actor = 'user:0' WHERE sequence = 2", "does not match its hash"),
        ("""UPDATE t_demo.audit_entries SET details = '{"name": "x"}' WHERE sequence = 2""", "does not match its hash"),
        ("UPDATE t_demo.audit_entries SET at = at + interval '1 microsecond' WHERE sequence = 2", "does not match"),
        ("DELETE FROM t_demo.audit_entries WHERE sequence = 2", "entry 2 is missing"),
    ],
)
async def test_the_first_record_that_was_tampered_with_is_named(
    superuser_url: str, tampering: str, reason: str
) -> None:
    with psycopg.connect(superuser_url) as connection:
        connection.execute("CREATE TABLE t_demo.kept AS SELECT * FROM t_demo.audit_entries")
        connection.execute(tampering)
    try:
        for company in ("", "demo"):
            said = await foodflow("audit", "verify", "--company", company)
            assert said.code == 1
            assert said.err.startswith("demo: record 2 is bad: ")
            assert reason in said.err
        assert (await foodflow("audit", "verify", "--company", "akron")).code == 0
    finally:
        with psycopg.connect(superuser_url) as connection:
            connection.execute("DELETE FROM t_demo.audit_entries; INSERT INTO t_demo.audit_entries TABLE t_demo.kept")
            connection.execute("DROP TABLE t_demo.kept")


@pytest.mark.usefixtures("trail")
async def test_a_trail_that_was_cut_short_is_noticed(superuser_url: str) -> None:
    with psycopg.connect(superuser_url) as connection:
        last = "DELETE FROM t_demo.audit_entries WHERE sequence = (SELECT max(sequence) FROM t_demo.audit_entries)"
        connection.execute(last)
    said = await foodflow("audit", "verify", "--company", "demo")
    assert (said.code, "the head says that there are" in said.err) == (1, True)
