"""The job process: the relay of events and the queue of jobs."""

import asyncio
import signal

import structlog

from foodflow import composition, parts
from foodflow.identity import jobs as identity_jobs
from foodflow.kernel import carrying, jobs, mail, queue, readiness, relay
from foodflow.kernel.brokers import broker_of, relaying
from foodflow.kernel.carrying import Carrier
from foodflow.kernel.db import Database
from foodflow.kernel.mail import Postbox
from foodflow.kernel.sealing import Sealer
from foodflow.kernel.webhooks.posting import Post
from foodflow.settings import Settings

AT_ONCE = 4
CARRYING = carrying.COMPANIES_AT_ONCE + 1
"""Connections of the carrier, which the jobs do not take away from it."""
_GRACE_SECONDS = 8

log = structlog.get_logger(__name__)


async def work(settings: Settings) -> None:
    """Relay events and do jobs until SIGTERM or SIGINT; jobs in hand are finished first."""
    database = Database(parts.database_url_of(settings), pool_size=AT_ONCE + 2, listeners=composition.LISTENERS)
    await readiness.prepared(database.engine)
    sealer = Sealer(parts.secret_key_of(settings))
    helping = identity_jobs.helping_job(Postbox(settings, sealer), sealer)
    known = (*composition.JOBS, mail.job_of(settings, sealer), helping)
    app = queue.build_queue(database, known, composition.PERIODIC)
    sinks = (relay.to_live, jobs.sink_of(known), carrying.to_carrier)
    brokers = [broker_of(url) for url in settings.brokers]
    own = Database(database.url, pool_size=CARRYING + len(brokers), listeners=composition.LISTENERS)
    carrier = Carrier(own, sealer=sealer, post=Post(settings.public_url))
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                concurrency=AT_ONCE, install_signal_handlers=False, shutdown_graceful_timeout=_GRACE_SECONDS
            )
        )
        others = [
            asyncio.create_task(relay.run(database, sinks)),
            asyncio.create_task(carrier.run()),
            *(asyncio.create_task(relaying.run(own, each, address=settings.public_url)) for each in brokers),
        ]
        stop = asyncio.create_task(_told_to_stop())
        log.info("jobs.started")
        ended, _ = await asyncio.wait({worker, *others, stop}, return_when=asyncio.FIRST_COMPLETED)
        for task in (*others, worker, stop):
            task.cancel()
        # They are waited for, whatever the first one says: the queue stays open until the jobs in hand are finished.
        await asyncio.gather(worker, *others, return_exceptions=True)
        for task in ended:
            task.result()
    await own.close()
    await database.close()


async def _told_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
