"""Deeds for others: each in a transaction of its own on the directory, without the rows that it returns within."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, directory_transaction

GivenP = ParamSpec("GivenP")
Deed = Callable[Concatenate[AsyncSession, Actor, GivenP], Awaitable[object]]
Done = Callable[Concatenate[Database, Actor, GivenP], Awaitable[None]]


def alone(deed: Deed[GivenP]) -> Done[GivenP]:
    """The deed in a transaction of its own."""

    @wraps(deed)
    async def done(database: Database, actor: Actor, /, *given: GivenP.args, **named: GivenP.kwargs) -> None:
        async with directory_transaction(database, actor) as session:
            await deed(session, actor, *given, **named)

    return done
