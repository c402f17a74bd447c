"""A new company's schema is what the migrations build, to the last name, and takes part in every later migration."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from foodflow.kernel.embedded import EmbeddedPostgres
from foodflow.kernel.migrations import Migrator
from foodflow.kernel.tenancy import TEMPLATE_SCHEMA
from tests import make
from tests.migrations.make import EVERYTHING, LATER, revision, tree
from tools.catalogue import contents, structure


@pytest.fixture
def superuser(postgres: EmbeddedPostgres, empty_database_url: str) -> Iterator[Engine]:
    engine = make.engine(make.url_of(make.name_of(empty_database_url), postgres.superuser_url))
    yield engine
    engine.dispose()


def assert_alike(superuser: Engine, *schemas: str) -> None:
    with superuser.connect() as connection:
        first, *others = (structure(connection, each) | contents(connection, each) for each in schemas)
        assert len(first) > 20
        assert [sorted(other ^ first) for other in others] == [[]] * len(others)


def test_a_clone_equals_the_schema_that_the_migrations_built(
    empty_database_url: str, superuser: Engine, tmp_path: Path
) -> None:
    root = tree(tmp_path)
    revision(root, "2001_01_01_everything", EVERYTHING)
    migrator = Migrator(empty_database_url, path=root)
    migrator.migrate_platform()
    migrator.create_tenant("first-co", "First")
    assert_alike(superuser, TEMPLATE_SCHEMA, "t_first_co")


def test_clones_before_and_after_a_later_migration_are_alike(
    empty_database_url: str, superuser: Engine, tmp_path: Path
) -> None:
    root = tree(tmp_path)
    first = revision(root, "2001_01_01_everything", EVERYTHING)
    migrator = Migrator(empty_database_url, path=root)
    migrator.migrate_platform()
    migrator.create_tenant("early", "Early")
    revision(root, "2001_01_02_later", LATER, after=first)
    migrator = Migrator(empty_database_url, path=root)
    migrator.migrate_platform()
    migrator.create_tenant("late", "Late")
    assert migrator.migrate_tenants().migrated == ["early"]
    assert_alike(superuser, TEMPLATE_SCHEMA, "t_early", "t_late")


def test_what_a_clone_holds_belongs_to_its_company_alone_and_works(
    empty_database_url: str, superuser: Engine, tmp_path: Path
) -> None:
    root = tree(tmp_path)
    revision(root, "2001_01_01_everything", EVERYTHING)
    migrator = Migrator(empty_database_url, path=root)
    migrator.migrate_platform()
    for slug in ("one", "two"):
        migrator.create_tenant(slug, slug)
    with superuser.begin() as connection:
        connection.execute(text("SET LOCAL ROLE t_one"))
        connection.execute(text("SET LOCAL search_path TO t_one"))
        new = connection.execute(
            text("INSERT INTO things (code, kind_id) VALUES ('new', 1) RETURNING \"order\"")
        ).scalar()
        assert new == 1010
        assert connection.scalar(text("INSERT INTO kinds (name) VALUES ('mixed') RETURNING id")) == 3
        connection.execute(text("INSERT INTO records VALUES (1010, '2000-05-05', 1), (1010, now(), 2)"))
    with superuser.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM t_two.things")) == 2
        owners = "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 't_two'::regnamespace"
        assert connection.scalars(text(owners)).all() == ["t_two"]


def test_the_products_own_clone_equals_its_template(superuser_url: str, template: object) -> None:
    engine = make.engine(superuser_url)
    assert_alike(engine, TEMPLATE_SCHEMA, "t_demo", "t_akron")
    engine.dispose()
