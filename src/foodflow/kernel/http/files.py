"""Whole files on their way in and out, kept meanwhile in the home folder without a name: when the process ends, nothing
of them is left.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import BinaryIO

from starlette.requests import Request

_PIECE = 1 << 20


def temporary_file(request: Request) -> BinaryIO:
    """A file on the disk that holds the installation's data, which only this process can open."""
    folder = request.app.state.settings.home / "archives"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return tempfile.TemporaryFile(dir=folder)


async def take_body(request: Request, file: BinaryIO) -> None:
    """Write a request's body into a file as it comes in; how long it may be is bounded for all requests."""
    async for piece in request.stream():
        file.write(piece)


async def pieces_of(file: BinaryIO) -> AsyncIterator[bytes]:
    """What a file holds from where it stands, piece by piece; closes it."""
    with file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
