"""A glance at a database, with nothing loaded that takes long: whether there is anything to prepare at a start."""

from importlib.metadata import version

import psycopg

from foodflow.kernel.revisions import has_reached, trees
from foodflow.kernel.tenancy import TEMPLATE_SCHEMA

_REACHED = "SELECT tree, revision FROM platform.revisions"
_BEHIND = "SELECT count(*) FROM platform.tenants WHERE schema_revision <> %s"
_MEMBER = (
    "SELECT count(*) FROM platform.memberships AS m JOIN platform.users AS u ON u.id = m.user_id"
    " WHERE u.username = %s AND m.tenant = %s"
)


def is_provisioned(url: str, *, tenant: str, username: str) -> bool:
    """Whether everything is at its newest revision, every company's schema too, and this person is in this company."""
    try:
        with psycopg.connect(url) as connection:
            reached = {str(tree): str(revision) for tree, revision in connection.execute(_REACHED)}
            behind = connection.execute(_BEHIND, [trees()[TEMPLATE_SCHEMA].head]).fetchone()
            member = connection.execute(_MEMBER, [username.lower(), tenant]).fetchone()
    except psycopg.Error:
        return False
    queue_is_current = reached.get("jobs") == version("procrastinate")
    return has_reached(reached) and queue_is_current and behind == (0,) and member == (1,)
