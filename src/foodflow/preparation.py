"""Preparing a database at a start: a glance tells whether there is anything to do, and mostly there is not."""

from importlib.metadata import version

import psycopg

from foodflow.kernel.revisions import has_reached, trees
from foodflow.kernel.tenancy import TEMPLATE_SCHEMA
from foodflow.parts import database_url_of
from foodflow.settings import Settings

_REACHED = "SELECT tree, revision FROM platform.revisions"
_BEHIND = "SELECT count(*) FROM platform.tenants WHERE schema_revision <> %s"
_ADMINISTRATOR = (
    "SELECT count(*) FROM platform.memberships AS m JOIN platform.users AS u ON u.id = m.user_id"
    " WHERE u.username = %s AND m.tenant = %s"
)


def prepare(settings: Settings) -> list[str]:
    """Bring the database to the present revision and see that somebody can sign in; returns what there is to say."""
    if _is_prepared(settings):
        return []
    from foodflow.provisioning import provision  # noqa: PLC0415 - takes longer to load than a start with nothing to do

    return provision(settings)


def _is_prepared(settings: Settings) -> bool:
    try:
        with psycopg.connect(database_url_of(settings)) as connection:
            reached = {str(tree): str(revision) for tree, revision in connection.execute(_REACHED)}
            behind = connection.execute(_BEHIND, [trees()[TEMPLATE_SCHEMA].head]).fetchone()
            person = (settings.admin_username.lower(), settings.default_tenant)
            administrator = connection.execute(_ADMINISTRATOR, person).fetchone()
    except psycopg.Error:
        return False
    queue_is_current = reached.get("jobs") == version("procrastinate")
    return has_reached(reached) and queue_is_current and behind == (0,) and administrator == (1,)
