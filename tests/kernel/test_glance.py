"""The glance at a start: it may find too little, but never says that all is there when something is to be done."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from foodflow.kernel.glance import is_provisioned
from tests import make
from tests.make import Person

PERSON = "administrator.demo"


@contextmanager
def changed(url: str, there: str, back: str) -> Iterator[None]:
    """The directory, otherwise for a moment."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(there)
        try:
            yield
        finally:
            connection.execute(back)


def test_a_database_in_which_all_is_there_needs_nothing(database_url: str, people: dict[object, Person]) -> None:
    assert is_provisioned(database_url, tenant="demo", username=PERSON.upper())


@pytest.mark.parametrize(("tenant", "username"), [("demo", "nobody"), ("elsewhere", PERSON), ("akron", PERSON)])
def test_a_missing_administrator_or_company_is_seen(database_url: str, tenant: str, username: str) -> None:
    assert not is_provisioned(database_url, tenant=tenant, username=username)


def test_a_company_that_is_behind_is_seen_whichever_it_is(database_url: str) -> None:
    query = "UPDATE platform.tenants SET schema_revision = '{}' WHERE slug = 'akron'"
    with psycopg.connect(database_url) as connection:
        head = connection.execute("SELECT schema_revision FROM platform.tenants WHERE slug = 'akron'").fetchone()
    assert head is not None
    with changed(database_url, query.format("2026_11_20_audit"), query.format(head[0])):
        assert not is_provisioned(database_url, tenant="demo", username=PERSON)


@pytest.mark.parametrize(("tree", "older"), [("tenant_template", "2026_11_20_audit"), ("jobs", "3.0.0")])
def test_a_tree_that_is_behind_is_seen(database_url: str, tree: str, older: str) -> None:
    query = f"UPDATE platform.revisions SET revision = '{{}}' WHERE tree = '{tree}'"
    with psycopg.connect(database_url) as connection:
        reached = connection.execute("SELECT revision FROM platform.revisions WHERE tree = %s", [tree]).fetchone()
    assert reached is not None
    with changed(database_url, query.format(older), query.format(reached[0])):
        assert not is_provisioned(database_url, tenant="demo", username=PERSON)


def test_an_empty_and_an_absent_database_are_seen(empty_database_url: str) -> None:
    assert not is_provisioned(empty_database_url, tenant="demo", username=PERSON)
    assert not is_provisioned(make.url_of("absent", empty_database_url), tenant="demo", username=PERSON)
