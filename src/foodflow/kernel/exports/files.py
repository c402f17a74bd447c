"""Files that are whole before they are sent."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import StreamingResponse

from foodflow.kernel.errors import Unavailable

AT_ONCE: Final = 3
"""How many exports a company makes at the same time: each holds a connection until its file is whole."""
_IN_MEMORY: Final = 1_000_000
_CHUNK: Final = 65_536
_SLOT = text(
    "SELECT 1 FROM generate_series(1, :slots) AS slot"
    " WHERE pg_try_advisory_xact_lock(hashtext('export ' || current_schema()), slot) LIMIT 1"
)

File = SpooledTemporaryFile[bytes]


async def whole_file(
    session: AsyncSession, pieces: AsyncIterator[bytes], *, media_type: str, name: str
) -> StreamingResponse:
    """A file of pieces that come one after the other."""

    async def fill(file: File) -> None:
        async for piece in pieces:
            await asyncio.to_thread(file.write, piece)  # a large file is on disk

    return await filled_file(session, fill, media_type=media_type, name=name)


async def filled_file(
    session: AsyncSession, fill: Callable[[File], Awaitable[None]], *, media_type: str, name: str
) -> StreamingResponse:
    """A file that something else fills; refuses where the company makes as many as it may already."""
    if await session.scalar(_SLOT, {"slots": AT_ONCE}) is None:
        raise Unavailable("other exports of this company are being made; try again in a moment")
    with ExitStack() as unless_whole:
        file: File = unless_whole.enter_context(SpooledTemporaryFile(_IN_MEMORY))
        await fill(file)
        unless_whole.pop_all()
    size = file.seek(0, 2)
    file.seek(0)
    headers = {"Content-Disposition": disposition(name), "Content-Length": str(size)}
    return StreamingResponse(
        _content(file), media_type=media_type, headers=headers | {"X-Content-Type-Options": "nosniff"}
    )


def disposition(name: str) -> str:
    """`Content-Disposition` of a file to keep; whatever could end the name or the header becomes an underscore."""
    return f'attachment; filename="{re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".")}"'


def _content(file: File) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
