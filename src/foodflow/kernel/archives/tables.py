"""Which tables a schema has, as PostgreSQL's catalogue knows them, and the statements that copy them."""

from collections.abc import Sequence
from dataclasses import dataclass

LEFT_OUT = frozenset({"answers", "webhook_secrets"})
"""What is sealed with the installation's own key, and of no use elsewhere."""

TABLES = """
SELECT c.relname::text AS name,
       ARRAY(SELECT a.attname::text FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0
             AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum) AS columns,
       ARRAY(SELECT a.attname::text FROM pg_index AS i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
             JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum
             WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY k.place) AS key,
       ARRAY(SELECT a.attname::text FROM pg_attribute AS a
             WHERE a.attrelid = c.oid AND a.attidentity <> '' ORDER BY a.attnum) AS numbered,
       c.relkind = 'p' AS is_parted,
       ARRAY(SELECT substr(p.relname, length(c.relname) + 2) FROM pg_inherits AS i
             JOIN pg_class AS p ON p.oid = i.inhrelid
             WHERE i.inhparent = c.oid AND p.relname ~ '_[0-9]{4}_[0-9]{2}$' ORDER BY 1) AS months
FROM pg_class AS c WHERE c.relnamespace = to_regnamespace(:schema) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname
"""

# Rows as planned, not as counted: for showing how far an export is.
ESTIMATE = """
SELECT coalesce(sum(c.reltuples) FILTER (WHERE c.reltuples > 0), 0)::bigint FROM pg_class AS c
WHERE c.relnamespace = to_regnamespace(:schema) AND c.relkind = 'r'
"""

READABLE = (
    "SELECT set_config('datestyle', 'ISO, YMD', true), set_config('timezone', 'UTC', true),"
    " set_config('intervalstyle', 'postgres', true), set_config('bytea_output', 'hex', true),"
    " set_config('extra_float_digits', '1', true), set_config('client_encoding', 'UTF8', true)"
)
"""Values as text that says the same on every server."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns, those of its primary key, those that count by themselves, and the months that it is parted
    into, if it is.
    """

    name: str
    columns: Sequence[str]
    key: Sequence[str]
    numbered: Sequence[str]
    is_parted: bool
    months: Sequence[str]

    @property
    def copy_out(self) -> str:
        """The statement that says all its rows, in the order of its key."""
        order = f" ORDER BY {_listed(self.key)}" if self.key else ""
        rows = f"SELECT {_listed(self.columns)} FROM {_quoted(self.name)}{order}"  # noqa: S608 - names of the catalogue
        return f"COPY ({rows}) TO STDOUT (FORMAT csv, HEADER true)"

    def copy_in(self, columns: Sequence[str]) -> str:
        """The statement that takes rows of these columns, which are its own in some order."""
        return f"COPY {_quoted(self.name)} ({_listed(columns)}) FROM STDIN (FORMAT csv, HEADER match)"

    def go_on(self, column: str) -> str:
        """The statement that lets a column count on from `:next`, or from its last row where that is later."""
        name, of = _quoted(self.name), _quoted(column)
        return (
            f"SELECT setval(pg_get_serial_sequence('{name}', '{column}'),"  # noqa: S608 - names of the catalogue
            f" greatest(:next, (SELECT coalesce(max({of}), 0) + 1 FROM {name})), false)"
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(_quoted, names))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
