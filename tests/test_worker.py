"""The job process: what it does when it is asked to end."""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path

import psycopg

from foodflow.kernel import jobs
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from tests import make

WORKER = """
import asyncio, sys
from pathlib import Path
from foodflow import composition, worker
from foodflow.kernel.jobs import Job
from foodflow.settings import Settings

async def slow(database, actor):
    Path(sys.argv[2], "begun").touch()
    await asyncio.sleep(1)
    Path(sys.argv[2], "done").touch()

composition.JOBS = (Job("tests.slow", slow),)
asyncio.run(worker.work(Settings(database_url=sys.argv[1], secret_key="k" * 40)))
"""


async def test_a_job_in_hand_is_finished_before_the_process_ends(
    database: Database, demo: Actor, tmp_path: Path
) -> None:
    async with tenant_transaction(database, demo) as session:
        await jobs.enqueue(session, "tests.slow")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, database.url, str(tmp_path))
    try:
        await make.until((tmp_path / "begun").exists, seconds=60)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    assert (tmp_path / "done").exists()
    with psycopg.connect(database.url) as connection:
        query = "SELECT status FROM jobs.procrastinate_jobs WHERE task_name = 'tests.slow'"
        assert connection.execute(query).fetchall() == [("succeeded",)]
