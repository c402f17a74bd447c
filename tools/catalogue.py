"""What PostgreSQL's catalogue says about a schema, in lines that two schemas can be compared by."""

from sqlalchemy import Connection, text

# Each says first which table it is about. Sequences go by their column: a copied one may have another name.
_SAYS = {
    "relation": """
        SELECT c.relname, c.relkind, array_to_string(c.reloptions, ' '), pg_get_partkeydef(c.oid),
               i.inhparent::regclass, pg_get_expr(c.relpartbound, c.oid)
        FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
        WHERE c.relnamespace = to_regnamespace(:schema) AND c.relkind NOT IN ('i', 'I', 'S')""",
    "column": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
               pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, a.attcollation::regcollation
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.oid, a.attnum)
        WHERE c.relnamespace = to_regnamespace(:schema) AND c.relkind NOT IN ('i', 'I', 'S')
          AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraint": """
        SELECT c.relname, k.conname, pg_get_constraintdef(k.oid), k.convalidated
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE c.relnamespace = to_regnamespace(:schema)""",
    "index": """
        SELECT t.relname, c.relname, i.indisvalid,
               replace(pg_get_indexdef(c.oid), format('%I.', CAST(:schema AS text)), '')
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
        WHERE c.relnamespace = to_regnamespace(:schema)""",
    "numbering": """
        SELECT c.relname, a.attname, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle
        FROM pg_sequence s JOIN pg_depend d ON d.objid = s.seqrelid AND d.refobjsubid > 0
        JOIN pg_class c ON c.oid = d.refobjid JOIN pg_attribute a ON (a.attrelid, a.attnum) = (c.oid, d.refobjsubid)
        WHERE c.relnamespace = to_regnamespace(:schema)""",
    "privileges of the owner": """
        SELECT c.relname, string_agg(a.privilege_type, ' ' ORDER BY a.privilege_type)
        FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
        WHERE c.relnamespace = to_regnamespace(:schema) AND c.relkind IN ('r', 'p') AND a.grantee = c.relowner
        GROUP BY 1""",
    "trigger": """
        SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = to_regnamespace(:schema) AND NOT t.tgisinternal""",
    "statistics": """
        SELECT c.relname, s.stxkeys, s.stxkind FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid
        WHERE c.relnamespace = to_regnamespace(:schema)""",
    "function": "SELECT proname FROM pg_proc WHERE pronamespace = to_regnamespace(:schema)",
    "type": "SELECT typname FROM pg_type WHERE typnamespace = to_regnamespace(:schema) AND typtype IN ('d', 'e')",
}
_TABLES = text(
    "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(:schema) AND relkind IN ('r', 'p')"
    " AND NOT relispartition"
)
_NUMBERED = text(
    "SELECT c.relname, a.attname, pg_get_serial_sequence(format('%I.%I', CAST(:schema AS text), c.relname), a.attname)"
    " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = to_regnamespace(:schema) AND a.attidentity <> '' AND NOT c.relispartition"
)


def structure(connection: Connection, schema: str) -> set[str]:
    """What a schema is made of, as `what | table | …`; nothing in the lines names the schema itself."""
    connection.execute(text("SELECT set_config('search_path', :path, true)"), {"path": f'"{schema}"'})
    lines = set()
    for what, query in _SAYS.items():
        for row in connection.execute(text(query), {"schema": schema}):
            lines.add(" | ".join([what, *("" if value is None else str(value) for value in row)]))
    return lines


def contents(connection: Connection, schema: str) -> set[str]:
    """The rows of a schema's tables, and the number that each of its identity columns gives next."""
    lines = set()
    for table in connection.scalars(_TABLES, {"schema": schema}).all():
        rows = connection.scalars(text(f'SELECT t::text FROM "{schema}"."{table}" AS t'))  # noqa: S608 - from the catalogue
        lines |= {f"row | {table} | {row}" for row in rows}
    for table, column, sequence in connection.execute(_NUMBERED, {"schema": schema}).all():
        step = f"(SELECT seqincrement FROM pg_sequence WHERE seqrelid = '{sequence}'::regclass)"  # noqa: S608
        query = f"SELECT CASE WHEN is_called THEN last_value + {step} ELSE last_value END FROM {sequence}"  # noqa: S608
        lines.add(f"next number | {table} | {column} | {connection.scalar(text(query))}")
    return lines
