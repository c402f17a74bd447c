"""Whether a PostgreSQL that somebody else runs can carry FoodFlow: reachable, new enough, with the rights it needs."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import class_row

OLDEST = 15

_FIRST_OF_TWO_NUMBERS = 100000
_CONNECT_SECONDS = 10
_ASK = """
    SELECT current_setting('server_version_num')::int AS version,
           current_setting('server_encoding') AS encoding,
           pg_is_in_recovery() AS is_standby,
           current_user::text AS role,
           (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user) AS may_create_roles,
           has_database_privilege(current_database(), 'CREATE') AS may_create_schemas
"""


class DatabaseUnusableError(Exception):
    """The database cannot be used; the text is one line that names DATABASE_URL."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a server says of itself and of the role that is connected. `version` is as in server_version_num: 180004."""

    version: int
    encoding: str
    is_standby: bool
    role: str
    may_create_roles: bool
    may_create_schemas: bool


def require_usable(url: str) -> None:
    """Connect to the database and refuse it, with one line, if FoodFlow could not work there."""
    try:
        with psycopg.connect(url, connect_timeout=_CONNECT_SECONDS, row_factory=class_row(Facts)) as connection:
            facts = connection.execute(_ASK).fetchone()
    except psycopg.Error as error:
        said = " ".join(str(error).split())
        message = f"the database of DATABASE_URL at {_place(url)} cannot be reached: {said}"
        raise DatabaseUnusableError(message) from error
    if facts and (wrong := fault(facts)):
        message = f"the database of DATABASE_URL at {_place(url)} cannot be used: {wrong}"
        raise DatabaseUnusableError(message)


def fault(facts: Facts) -> str | None:
    """What keeps FoodFlow from working on such a server, or None."""
    if facts.version < OLDEST * 10000:
        return f"it is PostgreSQL {version_text(facts.version)}, and {OLDEST} or newer is needed"
    if facts.is_standby:
        return "it is a standby, which takes no writes"
    if facts.encoding != "UTF8":
        return f"its encoding is {facts.encoding}, and UTF8 is needed"
    if not facts.may_create_roles:
        return f"the role {facts.role} may not create roles (ALTER ROLE … CREATEROLE)"
    if not facts.may_create_schemas:
        return f"the role {facts.role} may not create schemas (GRANT CREATE ON DATABASE …)"
    return None


def version_text(version: int) -> str:
    """A server_version_num as people write it: 180004 is 18.4, and before version 10 90624 is 9.6.24."""
    if version >= _FIRST_OF_TWO_NUMBERS:
        return f"{version // 10000}.{version % 10000}"
    return f"{version // 10000}.{version // 100 % 100}.{version % 100}"


def _place(url: str) -> str:
    """Server and database of a URL, without user and password."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2] or 'the local socket'}{parts.path}"
