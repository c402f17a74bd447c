"""Cloning the template schema: the statements that build a new company's tables, read from PostgreSQL's own catalogue.

`CREATE TABLE … (LIKE …)` renames indexes and leaves foreign keys and partition keys out, and later migrations speak
of constraints by name; so tables are copied without them, and each one is then created under its own name.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, TextClause, text

from foodflow.kernel.tenancy import TEMPLATE_SCHEMA

_TABLES = text("""
SELECT format('CREATE TABLE %I (LIKE %I.%I INCLUDING ALL EXCLUDING INDEXES)%s%s', c.relname, n.nspname, c.relname,
              ' PARTITION BY ' || pg_get_partkeydef(c.oid), ' WITH (' || array_to_string(c.reloptions, ', ') || ')')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.oid
""")

_PARTITIONS = text("""
SELECT format('CREATE TABLE %I PARTITION OF %s %s%s', c.relname, i.inhparent::regclass,
              pg_get_expr(c.relpartbound, c.oid), ' PARTITION BY ' || pg_get_partkeydef(c.oid))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_inherits i ON i.inhrelid = c.oid
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p') AND c.relispartition ORDER BY c.oid
""")

# Before the foreign keys, which would ask for an order among the tables.
_ROWS = text("""
SELECT format('INSERT INTO %I (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %I.%I',
              c.relname, a.columns, a.columns, n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns FROM pg_attribute
                    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS a
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.columns IS NOT NULL ORDER BY c.oid
""")

# Primary keys and unique constraints first: foreign keys refer to them.
_CONSTRAINTS = text("""
SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s', c.relname, k.conname, pg_get_constraintdef(k.oid))
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND k.contype IN ('p', 'u', 'x', 'f') AND NOT c.relispartition AND k.conparentid = 0
ORDER BY k.contype = 'f', k.oid
""")

_INDEXES = text("""
SELECT replace(replace(pg_get_indexdef(i.indexrelid),
    format(' ON ONLY %I.', n.nspname), ' ON '), format(' ON %I.', n.nspname), ' ON ')
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND NOT c.relispartition
  AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY i.indexrelid
""")

# A copied row has its number already, and the next one must get another.
_NUMBERS = text("""
SELECT format('ALTER TABLE %I ALTER COLUMN %I RESTART WITH %s', c.relname, a.attname, s.last_value + s.increment_by)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
JOIN pg_sequences s ON format('%I.%I', s.schemaname, s.sequencename)
                     = pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname)
WHERE n.nspname = :schema AND a.attidentity <> '' AND NOT c.relispartition AND s.last_value IS NOT NULL ORDER BY c.oid
""")

# What the owner took from itself (an append-only table) is taken from the new owner too.
_REVOKED = text("""
SELECT format('REVOKE %s ON %I FROM CURRENT_USER', string_agg(p.privilege, ', '), c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('REFERENCES'), ('TRIGGER'))
    AS p (privilege)
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p') AND c.relacl IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM aclexplode(c.relacl) a WHERE a.grantee = c.relowner AND a.privilege_type = p.privilege)
GROUP BY c.relname, c.oid ORDER BY c.oid
""")


@dataclass(frozen=True, slots=True)
class Clone:
    """The statements that, run in an empty schema by its owner, build what the template schema holds: its tables, the
    rows that they begin with, and what is made once rows are in (constraints, indexes, revoked rights).
    """

    tables: list[str]
    rows: list[str]
    rest: list[str]


def clone_statements(connection: Connection) -> Clone:
    """Read the template; the connection's search path must be the template schema alone, so that the catalogue prints
    unqualified names.
    """

    def read(*queries: TextClause) -> list[str]:
        return [statement for query in queries for statement in connection.scalars(query, {"schema": TEMPLATE_SCHEMA})]

    return Clone(read(_TABLES, _PARTITIONS), read(_ROWS, _NUMBERS), read(_CONSTRAINTS, _INDEXES, _REVOKED))
