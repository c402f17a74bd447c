"""Transactions end in kernel.db alone, and SQL stays in queries and the kernel."""

import pytest

from tests.tools.checks.make import found
from tools.checks import database

PLANT = "src/foodflow/plant/"


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_use_case_that_ends_its_transaction_is_found(end: str) -> None:
    source = f"async def start(session):\n    await session.{end}()\n"
    assert found(database.ends_of_transactions, {f"{PLANT}usecases.py": source}) == [(f"{PLANT}usecases.py", 2)]


@pytest.mark.parametrize("path", ["kernel/db.py", "kernel/db/sessions.py", "kernel/migrations.py"])
def test_the_kernels_database_modules_may_end_transactions(path: str) -> None:
    assert not found(database.ends_of_transactions, {f"src/foodflow/{path}": "session.commit()\n"})


def test_a_savepoint_and_a_test_may_be_rolled_back() -> None:
    files = {f"{PLANT}usecases.py": "session.begin_nested()\n", "tests/plant/test_x.py": "session.rollback()\n"}
    assert not found(database.ends_of_transactions, files)


@pytest.mark.parametrize(
    "source",
    [
        "from sqlalchemy import select\nselect(Line)\n",
        "import sqlalchemy as sa\nsa.select(Line)\n",
        "from sqlalchemy import text\ntext('SELECT 1')\n",
        "from sqlalchemy.orm import Session\nsession.execute(statement)\n",
        "from sqlalchemy.orm import Session\nsession.scalars(statement)\n",
    ],
)
@pytest.mark.parametrize("path", [f"{PLANT}usecases.py", f"{PLANT}usecases/batches.py", "src/foodflow/cli.py"])
def test_a_statement_outside_queries_is_found(path: str, source: str) -> None:
    assert found(database.sql, {path: source}) == [(path, 2)]


@pytest.mark.parametrize("path", [f"{PLANT}queries.py", f"{PLANT}queries/batches.py", "src/foodflow/kernel/paging.py"])
def test_queries_and_the_kernel_make_and_send_statements(path: str) -> None:
    assert not found(database.sql, {path: "from sqlalchemy import select\nsession.execute(select(Line))\n"})


def test_a_table_may_have_a_default_written_in_sql_but_no_select() -> None:
    path = f"{PLANT}tables.py"
    assert not found(database.sql, {path: "from sqlalchemy import text\ncolumn(server_default=text('now()'))\n"})
    assert found(database.sql, {path: "from sqlalchemy import select\nselect(Line)\n"}) == [(path, 2)]


def test_a_function_of_the_same_name_from_elsewhere_is_no_statement() -> None:
    source = "from select import select\nfrom rich.text import text\nselect([], [], [])\ntext('hello')\n"
    assert not found(database.sql, {f"{PLANT}usecases.py": source})
