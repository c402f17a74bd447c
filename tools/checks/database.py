"""Transactions are ended in one place, and SQL is spoken in few."""

from collections.abc import Iterator

from tools.checks.project import Finding, Project

ENDS = {"commit", "rollback"}
MAY_END = ("kernel/db", "kernel/migrations")
SENDS = {"execute", "executemany", "exec_driver_sql", "scalar", "scalars", "stream", "stream_scalars"}
WRITES_SQL = {"select", "text"}
OWN_DATABASES = ("gateway/spool",)  # a file of the gateway, far from any company's data


def ends_of_transactions(project: Project) -> Iterator[Finding]:
    """Nobody but kernel.db ends a transaction; kernel.migrations has transactions of its own."""
    for module in project.package:
        if module.within(*MAY_END):
            continue
        for call in module.calls():
            name = getattr(call.func, "attr", None)
            if name in ENDS:
                advice = (
                    f"let kernel.db end the transaction; `begin_nested` turns a violation into a refusal, not {name}()"
                )
                yield module.finding(call, "transaction-end", advice, subject=name)


def sql(project: Project) -> Iterator[Finding]:
    """Statements are made and sent in the kernel and in `queries` alone; a default of a table may be an SQL text."""
    for module in project.package:
        if module.within("kernel", *OWN_DATABASES) or module.room == "queries":
            continue
        for call in module.calls():
            name = module.dotted(call.func)
            made = name.rpartition(".")[2] if name.startswith("sqlalchemy.") else ""
            sent = getattr(call.func, "attr", "")
            if (made in WRITES_SQL and not (made == "text" and module.room == "tables")) or sent in SENDS:
                advice = f"move this statement into the context's queries: {made or sent}() belongs there"
                yield module.finding(call, "sql-outside-queries", advice, subject=made or sent)
