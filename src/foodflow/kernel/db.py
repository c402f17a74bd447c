"""Transactions: the only place that opens one, scopes it to a company, and commits.

A tenant transaction begins with one statement that sets, for this transaction alone, the company's role, its search
path and the actor. A pooled connection therefore carries nothing from one company to the next, whatever pooler stands
between.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy
from psycopg.errors import UniqueViolation
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from foodflow.kernel import answers, audit, events, live
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Refusal, Unavailable
from foodflow.kernel.tenancy import TenantName, schema_name

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

STATEMENT_TIMEOUT = "30s"
LOCK_TIMEOUT = "10s"
PATIENCE_SECONDS = 10
"""How long a call waits for a connection."""
SHARE_OF_A_COMPANY = 0.6
"""How much of the pool one company may hold at once."""

_ENTER_TENANT = text(
    "SELECT set_config('role', :role, true), set_config('search_path', :path, true),"
    " set_config('foodflow.actor', :actor, true), set_config('statement_timeout', :statement_timeout, true),"
    " set_config('lock_timeout', :lock_timeout, true)"
)
_ENTER_PLATFORM = text(
    "SELECT set_config('role', 'none', true), set_config('search_path', 'platform, pg_temp', true),"
    " set_config('statement_timeout', :statement_timeout, true), set_config('lock_timeout', :lock_timeout, true)"
)


class TenantTable(DeclarativeBase):
    """Base of every table that a company owns; unqualified names, found through the transaction's search path."""

    metadata = sqlalchemy.MetaData(naming_convention=NAMING)


class PlatformTable(DeclarativeBase):
    """Base of the few tables that all companies share: the directory of companies, people and their tokens."""

    metadata = sqlalchemy.MetaData(naming_convention=NAMING, schema="platform")


class CountsChanges:
    """Mixin of a row that counts its changes: it bears a version, and a change of it that somebody else has changed or
    removed meanwhile is refused.
    """

    version: Mapped[int] = mapped_column(default=1, server_default="1")

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - the library calls it with the class
        return {"version_id_col": cls.version}


class Database:
    """The pool of connections of one process, and the listeners that its transactions run before they commit."""

    def __init__(self, url: str, *, pool_size: int = 10, listeners: events.Listeners | None = None) -> None:
        self.url = url
        self.listeners: events.Listeners = listeners or {}
        self._share = max(1, int(pool_size * SHARE_OF_A_COMPANY))
        self._places: dict[TenantName, asyncio.Semaphore] = {}
        self.engine: AsyncEngine = create_async_engine(
            sqlalchemy.make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=PATIENCE_SECONDS,
            pool_use_lifo=True,
            hide_parameters=True,
        )

    @asynccontextmanager
    async def place_of(self, tenant: TenantName) -> AsyncIterator[None]:
        """One of the connections that a company may hold at once, so that a busy one always leaves some to the others;
        refuses who has waited too long. Nobody who has one may ask for a second: two such would wait for each other.
        """
        places = self._places.setdefault(tenant, asyncio.Semaphore(self._share))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await places.acquire()
        except TimeoutError:
            raise Unavailable("too many calls of this company wait for the database; nothing was stored") from None
        try:
            yield
        finally:
            places.release()

    async def close(self) -> None:
        """Close every connection of the pool."""
        await self.engine.dispose()


@asynccontextmanager
async def tenant_transaction(
    database: Database, actor: Actor, *, statement_timeout: str = STATEMENT_TIMEOUT
) -> AsyncIterator[AsyncSession]:
    """One transaction in the actor's company: commits at the end, rolls back on any exception.

    What the deed told, recorded and published is written as its last statements, so either all of it happened or none.
    """
    async with (
        database.place_of(actor.tenant),
        AsyncSession(database.engine, expire_on_commit=False) as session,
        session.begin(),
    ):
        await enter_tenant(session, actor, statement_timeout=statement_timeout)
        events.listen(session, database.listeners)
        yield session
        await write_consequences(session)


async def enter_tenant(session: AsyncSession, actor: Actor, *, statement_timeout: str = STATEMENT_TIMEOUT) -> None:
    """Take on the company's role, search path and actor until the transaction ends: one statement, one round trip."""
    schema = schema_name(actor.tenant)
    limits = {"statement_timeout": statement_timeout, "lock_timeout": LOCK_TIMEOUT}
    await session.execute(_ENTER_TENANT, {"role": schema, "path": _path(schema), "actor": actor.id, **limits})


def _path(schema: str) -> str:
    """Temporary tables come last: first, where PostgreSQL puts them unasked, one that an earlier transaction left on
    the connection would stand before a table of its name.
    """
    return f'"{schema}", pg_temp'


async def write_consequences(session: AsyncSession) -> None:
    """Store what the deed told, recorded and answered, and publish what it said, as the last statements of its
    transaction.
    """
    await events.write(session)
    await session.flush()
    await audit.write(session)
    await live.write(session)
    await answers.write(session)


@asynccontextmanager
async def platform_transaction(database: Database) -> AsyncIterator[AsyncSession]:
    """One transaction on the tables that all companies share, as the login role."""
    async with AsyncSession(database.engine, expire_on_commit=False) as session, session.begin():
        await enter_platform(session)
        yield session


async def enter_platform(session: AsyncSession) -> None:
    """Be the login role on the tables that all companies share, until the transaction ends or enters a company."""
    await session.execute(_ENTER_PLATFORM, {"statement_timeout": STATEMENT_TIMEOUT, "lock_timeout": LOCK_TIMEOUT})


@asynccontextmanager
async def directory_transaction(database: Database, actor: Actor) -> AsyncIterator[AsyncSession]:
    """One transaction on the tables that all companies share, by somebody of a company: what the deed told and recorded
    goes into that company's own schema, as the last statements of the same transaction.
    """
    async with database.place_of(actor.tenant), platform_transaction(database) as session:
        events.listen(session, database.listeners)
        yield session
        await session.flush()
        await enter_tenant(session, actor)
        await write_consequences(session)


async def driver_connection(session: AsyncSession) -> Any:  # noqa: ANN401 - psycopg's connection, generic in its row type
    """The psycopg connection under this session's transaction, for COPY."""
    connection: AsyncConnection = await session.connection()
    raw = await connection.get_raw_connection()
    return raw.driver_connection


@asynccontextmanager
async def unless_taken(session: AsyncSession, refusal: Refusal) -> AsyncIterator[None]:
    """Store what the block adds; where a unique constraint says that it is there already, refuse instead."""
    try:
        async with session.begin_nested():
            yield
            await session.flush()
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise refusal from error
        raise
