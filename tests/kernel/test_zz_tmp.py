import asyncio, os, signal, sys
sys.path.insert(0, "/tmp/w")
import worker_fixed as worker
from foodflow import composition
from foodflow.kernel import jobs
from foodflow.kernel.jobs import Job
from foodflow.kernel.db import tenant_transaction, Database

async def test_x(settings, database, demo, monkeypatch):
    done = []; began = asyncio.Event()
    async def slow(_db, actor):
        began.set()
        await asyncio.sleep(2)
        async with tenant_transaction(_db, actor): pass
        done.append(1)
    monkeypatch.setattr(composition, "JOBS", (Job("slow.job", slow),))
    async with tenant_transaction(database, demo) as s:
        await jobs.enqueue(s, "slow.job")
    task = asyncio.create_task(worker.work(settings))
    await asyncio.wait_for(began.wait(), 15)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(task, 20)
    from sqlalchemy import text
    async with database.engine.connect() as c:
        print((await c.execute(text("select status, attempts from jobs.procrastinate_jobs where task_name='slow.job'"))).all())
    assert done == [1]
