"""Migrating: once, under a lock, each company by itself, and again where it failed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from foodflow.kernel import jobs_schema
from foodflow.kernel.embedded import EmbeddedPostgres
from foodflow.kernel.errors import Invalid
from foodflow.kernel.founding import CompanyExists, CompanyUnknown
from foodflow.kernel.migrations import Failure, Migrator
from foodflow.kernel.revisions import RevisionUnknown
from foodflow.kernel.tenancy import schema_name, tenant_name
from tests import make
from tests.migrations.make import revision, tree

FIRST = "CREATE TABLE things (id int CONSTRAINT pk_things PRIMARY KEY)"
SECOND = "CREATE TABLE others (id int CONSTRAINT pk_others PRIMARY KEY)"
OBSTACLE = "CREATE TABLE t_{}.others ()"
HOSTILE = [
    "",
    "Demo",
    "1a",
    "-a",
    "a-",
    "a_b",
    "a b",
    "a.b",
    "ä",
    "a" * 41,
    "demo\n",
    'a"b',
    "a'b",
    "a;b",
    "a\0b",
    "../a",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree of migrations in which companies have one revision."""
    root = tree(tmp_path)
    revision(root, "2001_01_01_first", FIRST)
    return root


@contextmanager
def superuser(server: EmbeddedPostgres, url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(make.url_of(make.name_of(url), server.superuser_url), autocommit=True) as connection:
        yield connection


def migrator_with(url: str, root: Path, *slugs: str) -> Migrator:
    """A migrator after the first revision, with these companies, and one more revision for them to come."""
    migrator = Migrator(url, path=root)
    migrator.migrate_platform()
    for slug in slugs:
        migrator.create_tenant(slug, slug.title())
    revision(root, "2001_01_02_second", SECOND, after="2001_01_01_first")
    migrator = Migrator(url, path=root)
    migrator.migrate_platform()
    return migrator


def revisions(migrator: Migrator) -> dict[str, str]:
    return {row.slug: row.schema_revision for row in migrator.tenants()}


def test_migrating_again_does_nothing(empty_database_url: str, root: Path) -> None:
    migrator = Migrator(empty_database_url, path=root)
    assert migrator.migrate_platform()
    migrator.create_tenant("demo", "Demo")
    assert not migrator.migrate_platform()
    report = migrator.migrate_tenants()
    assert (report.up_to_date, report.migrated, report.failures) == (1, [], [])


def test_only_companies_that_are_behind_are_migrated(empty_database_url: str, root: Path) -> None:
    migrator = migrator_with(empty_database_url, root, "demo", "akron")
    migrator.create_tenant("new", "New")
    report = migrator.migrate_tenants()
    assert (report.head, report.up_to_date, report.migrated) == ("2001_01_02_second", 1, ["akron", "demo"])
    assert set(revisions(migrator).values()) == {"2001_01_02_second"}


@pytest.mark.parametrize(("count", "at_once"), [(3, 4), (12, 2)], ids=["one after the other", "in processes"])
def test_a_company_that_cannot_be_migrated_is_reported_and_holds_up_no_other_and_is_taken_up_again_later(
    postgres: EmbeddedPostgres, empty_database_url: str, root: Path, count: int, at_once: int
) -> None:
    slugs = [f"company-{number:02}" for number in range(count)]
    migrator = migrator_with(empty_database_url, root, *slugs)
    with superuser(postgres, empty_database_url) as connection:
        connection.execute(OBSTACLE.format("company_01"))
    seen: list[str] = []
    report = migrator.migrate_tenants(at_once=at_once, progress=seen.append)
    assert seen == slugs
    assert report.migrated == [slug for slug in slugs if slug != "company-01"]
    assert [failure.tenant for failure in report.failures] == ["company-01"]
    assert 'relation "others" already exists' in report.failures[0].reason
    assert revisions(migrator)["company-01"] == "2001_01_01_first"
    with superuser(postgres, empty_database_url) as connection:
        connection.execute("DROP TABLE t_company_01.others")
    report = migrator.migrate_tenants(at_once=at_once)
    assert (report.up_to_date, report.migrated, report.failures) == (count - 1, ["company-01"], [])


def test_a_migration_that_fails_without_a_word_is_reported_all_the_same(empty_database_url: str, root: Path) -> None:
    migrator_with(empty_database_url, root, "demo")
    (root / "tenant" / "2001_01_02_second.py").write_text(
        'revision = "2001_01_02_second"\ndown_revision = "2001_01_01_first"\ndef upgrade():\n    raise RuntimeError\n'
    )
    report = Migrator(empty_database_url, path=root).migrate_tenants()
    assert report.failures == [Failure("demo", "RuntimeError()")]


def test_a_revision_that_fails_in_the_middle_changes_nothing(
    postgres: EmbeddedPostgres, empty_database_url: str, root: Path
) -> None:
    migrator = Migrator(empty_database_url, path=root)
    migrator.migrate_platform()
    migrator.create_tenant("demo", "Demo")
    revision(root, "2001_01_02_second", f"{SECOND}; SELECT 1 / 0", after="2001_01_01_first")
    report = Migrator(empty_database_url, path=root).migrate_tenants()
    assert "division by zero" in report.failures[0].reason
    with superuser(postgres, empty_database_url) as connection:
        assert connection.execute("SELECT to_regclass('t_demo.others')").fetchone() == (None,)


def test_two_who_migrate_an_empty_database_at_once_do_it_once(empty_database_url: str, root: Path) -> None:
    done: list[bool] = []
    migrators = [Migrator(empty_database_url, path=root) for _ in range(2)]
    threads = [threading.Thread(target=lambda each=each: done.append(each.migrate_platform())) for each in migrators]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(done) == [False, True]


def test_people_sign_in_while_their_company_is_migrated(
    postgres: EmbeddedPostgres, empty_database_url: str, root: Path
) -> None:
    migrator_with(empty_database_url, root, "demo")
    revision(root, "2001_01_03_slow", "SELECT pg_sleep(1)", after="2001_01_02_second")
    migrator = Migrator(empty_database_url, path=root)
    with superuser(postgres, empty_database_url) as connection:
        thread = threading.Thread(target=migrator.migrate_tenants)
        thread.start()
        asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        while thread.is_alive() and connection.execute(asleep).fetchone() == (0,):
            pass
        connection.execute("SET lock_timeout = '200ms'")
        make.person(connection, "somebody", "demo", roles=["viewer"], password_hash="")
        assert thread.is_alive()
        thread.join(timeout=30)
    assert set(revisions(migrator).values()) == {"2001_01_03_slow"}


def test_a_database_of_a_newer_foodflow_is_left_alone(empty_database_url: str, root: Path) -> None:
    migrator = migrator_with(empty_database_url, root, "demo")
    migrator.migrate_tenants()
    (root / "tenant" / "2001_01_02_second.py").unlink()
    older = Migrator(empty_database_url, path=root)
    with pytest.raises(RevisionUnknown, match="2001_01_02_second"):
        older.migrate_platform()
    assert "newer" in older.migrate_tenants().failures[0].reason


def test_a_company_is_created_once_and_found_by_its_slug(empty_database_url: str, root: Path) -> None:
    migrator = Migrator(empty_database_url, path=root)
    migrator.migrate_platform()
    assert migrator.create_tenant("north-sea-fish", "Nordseefisch") == "north-sea-fish"
    assert [(row.slug, row.name) for row in migrator.tenants()] == [("north-sea-fish", "Nordseefisch")]
    assert migrator.require_tenant("north-sea-fish") == "north-sea-fish"
    with pytest.raises(CompanyExists):
        migrator.create_tenant("north-sea-fish", "Again")
    with pytest.raises(CompanyUnknown):
        migrator.require_tenant("north_sea_fish")
    with psycopg.connect(empty_database_url) as connection:
        owner = "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 't_north_sea_fish'"
        assert connection.execute(owner).fetchone() == ("t_north_sea_fish",)


@pytest.mark.parametrize("slug", HOSTILE)
def test_a_slug_that_could_not_be_a_host_name_and_a_role_at_once_is_refused(slug: str) -> None:
    with pytest.raises(Invalid) as refused:
        tenant_name(slug)
    assert [error.field for error in refused.value.errors] == ["slug"]


def test_the_longest_slugs_name_a_schema_that_postgresql_does_not_cut_off() -> None:
    assert len(schema_name(tenant_name("a" * 40))) < 63
    assert schema_name(tenant_name("a-b--c")) == "t_a_b__c"


def test_the_queue_is_brought_from_any_version_to_the_installed_one() -> None:
    everything = jobs_schema._migrations_since("0.0.0")
    assert len(everything) > 20
    assert jobs_schema._migrations_since("3.0.0") == everything[-len(jobs_schema._migrations_since("3.0.0")) :]
    assert jobs_schema._migrations_since("9999.0.0") == []
