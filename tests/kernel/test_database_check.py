"""A PostgreSQL that somebody else runs: what FoodFlow asks of it before it starts."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from foodflow.kernel.database_check import DatabaseUnusableError, Facts, fault, require_usable, version_text
from foodflow.kernel.embedded import EmbeddedPostgres, temporary_postgres

GOOD = Facts(
    version=150000, encoding="UTF8", is_standby=False, role="ff", may_create_roles=True, may_create_schemas=True
)


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    with temporary_postgres() as started:
        yield started


def test_the_oldest_version_that_serves_is_accepted() -> None:
    assert fault(GOOD) is None


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (replace(GOOD, version=140022), "it is PostgreSQL 14.22, and 15 or newer is needed"),
        (replace(GOOD, is_standby=True), "it is a standby"),
        (replace(GOOD, encoding="SQL_ASCII"), "its encoding is SQL_ASCII"),
        (replace(GOOD, may_create_roles=False), "the role ff may not create roles"),
        (replace(GOOD, may_create_schemas=False), "the role ff may not create schemas"),
    ],
)
def test_what_keeps_a_server_from_serving_is_named(facts: Facts, said: str) -> None:
    assert (fault(facts) or "").startswith(said)


@pytest.mark.parametrize(("number", "text"), [(180004, "18.4"), (150000, "15.0"), (90624, "9.6.24")])
def test_a_version_number_is_written_as_people_write_it(number: int, text: str) -> None:
    assert version_text(number) == text


def test_a_real_server_with_all_rights_is_accepted(server: EmbeddedPostgres) -> None:
    require_usable(server.url)
    require_usable(server.superuser_url)


def test_a_role_that_may_do_too_little_is_refused(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN")
        connection.execute("CREATE ROLE lodger LOGIN CREATEROLE")
    with pytest.raises(DatabaseUnusableError, match="the role guest may not create roles"):
        require_usable(server.url.replace("foodflow@", "guest@"))
    with pytest.raises(DatabaseUnusableError, match="the role lodger may not create schemas"):
        require_usable(server.url.replace("foodflow@", "lodger@"))


def test_a_server_that_cannot_be_reached_is_one_line_without_the_password() -> None:
    with pytest.raises(DatabaseUnusableError) as refused:
        require_usable("postgresql://ff:hidden@127.0.0.1:1/plant")
    line = str(refused.value)
    assert line.startswith("the database of DATABASE_URL at 127.0.0.1:1/plant cannot be reached: ")
    assert "\n" not in line
    assert "hidden" not in line
