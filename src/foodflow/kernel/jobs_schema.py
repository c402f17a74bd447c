"""The job queue's own objects: Procrastinate's schema, kept in step with the installed version."""

from importlib import resources
from importlib.metadata import version

from packaging.version import Version
from sqlalchemy import Connection, text

_TREE = "jobs"


def migrate(connection: Connection) -> bool:
    """Create the queue, or bring it from the version that it was made by to the installed one; true when anything was
    done.
    """
    installed = version("procrastinate")
    query = text("SELECT revision FROM platform.revisions WHERE tree = :tree")
    made_by = connection.scalar(query, {"tree": _TREE})
    if made_by == installed:
        return False
    connection.execute(text("SELECT set_config('search_path', 'jobs', true)"))
    for statements in [_whole()] if made_by is None else _migrations_since(made_by):
        connection.exec_driver_sql(statements, execution_options={"no_parameters": True})
    upsert = "INSERT INTO platform.revisions VALUES (:tree, :to) ON CONFLICT (tree) DO UPDATE SET revision = :to"
    connection.execute(text(upsert), {"tree": _TREE, "to": installed})
    return True


def _whole() -> str:
    return (resources.files("procrastinate") / "sql" / "schema.sql").read_text("utf-8")


def _migrations_since(made_by: str) -> list[str]:
    """The library's migration files that are newer than a version; their names begin with the version that needs
    them.
    """
    folder = resources.files("procrastinate") / "sql" / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(folder / name).read_text("utf-8") for name in names if Version(name.split("_")[0]) > Version(made_by)]
