"""A crowd: thousands of WebSocket clients in a process of their own, as thin as clients can be, led over its standard
input and output by one JSON object a line.

    connect   {"port", "path", "protocols": [...]}   opens one connection for each protocol, up to 500 at a time
    wait      {"word"}       when each connection has heard a frame that holds the word; answers the moments
    say       {"frames": [...]}   sends one frame from each connection, all at once
    drop      {}             every connection breaks, as on a lost line

The clients look for words in what they hear and read no JSON, so that what is measured is the server.
"""

import asyncio
import base64
import contextlib
import json
import os
import socket
import struct
import sys
import time
from collections.abc import Sequence
from typing import Any

AT_ONCE = 500
_HEAD_END = b"\r\n\r\n"
_LONG, _LONGEST = 126, 127


class Client(asyncio.Protocol):
    """One connection: what it heard, and when it heard the word that everybody waits for."""

    __slots__ = ("_buffer", "_head", "crowd", "is_open", "opened", "transport")

    def __init__(self, crowd: "Crowd", head: bytes) -> None:
        self.crowd, self._head = crowd, head
        self._buffer = b""
        self.is_open = False
        self.opened = asyncio.get_running_loop().create_future()
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.transport.write(self._head)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(error or ConnectionError(self._buffer[:200].decode(errors="replace")))
        self.crowd.lost += self.is_open

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        if not self.is_open:
            head, found, rest = buffer.partition(_HEAD_END)
            if not found:
                self._buffer = buffer
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._buffer = head
                self.transport.close()
                return
            self.is_open, buffer = True, rest
            self.opened.set_result(None)
        self._buffer = self._frames(buffer)

    def _frames(self, buffer: bytes) -> bytes:
        while len(buffer) >= 2:  # noqa: PLR2004 - opcode and length
            length, start = buffer[1] & 127, 2
            if length == _LONG and len(buffer) >= 4:  # noqa: PLR2004 - with two bytes of length
                length, start = struct.unpack(">H", buffer[2:4])[0], 4
            elif length == _LONGEST and len(buffer) >= 10:  # noqa: PLR2004 - with eight bytes of length
                length, start = struct.unpack(">Q", buffer[2:10])[0], 10
            if length in {_LONG, _LONGEST} and start == 2:  # noqa: PLR2004 - the length is not there yet
                return buffer
            if len(buffer) < start + length:
                return buffer
            opcode = buffer[0] & 15
            if opcode == 1:
                self.crowd.hears(buffer[start : start + length])
            elif opcode == 9:  # noqa: PLR2004 - a ping, answered with a pong
                self.transport.write(masked(buffer[start : start + length], opcode=10))
            buffer = buffer[start + length :]
        return buffer


def masked(payload: bytes, *, opcode: int = 1) -> bytes:
    """A client's frame (RFC 6455, section 5); the mask is zero, which changes no byte."""
    length = len(payload)
    if length < _LONG:
        return bytes((0x80 | opcode, 0x80 | length)) + bytes(4) + payload
    return bytes((0x80 | opcode, 0x80 | _LONG)) + struct.pack(">H", length) + bytes(4) + payload


class Crowd:
    """All connections, and the word that they wait for."""

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self.lost = 0
        self._word = b""
        self._moments: list[float] = []
        self._wanted = 0
        self._heard = asyncio.Event()
        self._others: dict[bytes, int] = {}

    def hears(self, frame: bytes) -> None:
        """One client heard a frame."""
        if self._word and self._word in frame:
            self._moments.append(time.time())
            if len(self._moments) >= self._wanted:
                self._heard.set()
        elif b'"refused"' in frame:
            self._others[frame[-120:]] = self._others.get(frame[-120:], 0) + 1

    async def connect(self, port: int, path: str, protocols: Sequence[str]) -> dict[str, Any]:
        """Open connections; answers how long it took, and when the first began."""
        begun, places = time.time(), asyncio.Semaphore(AT_ONCE)
        loop = asyncio.get_running_loop()

        async def one(protocol: str) -> None:
            head = (
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
                + (f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol else "")
                + "\r\n"
            )
            async with places:
                _, client = await loop.create_connection(lambda: Client(self, head.encode()), "127.0.0.1", port)
                await client.opened
            self.clients.append(client)

        failed = [each for each in await asyncio.gather(*map(one, protocols), return_exceptions=True) if each]
        said = sorted({repr(each)[:200] for each in failed})[:3]
        return {"connected": len(self.clients), "failed": len(failed), "said": said, "seconds": time.time() - begun}

    def expect(self, word: str) -> dict[str, Any]:
        """From now on, wait for a word to be heard by everybody."""
        self._word, self._moments, self._wanted = word.encode(), [], len(self.clients)
        self._heard.clear()
        return {}

    async def wait(self, seconds: float) -> dict[str, Any]:
        """When everybody has heard the word, or as many as did in so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), seconds)
        others = {text.decode(errors="replace"): count for text, count in list(self._others.items())[:3]}
        return {"heard": len(self._moments), "moments": sorted(self._moments), "lost": self.lost, "refused": others}

    def say(self, frames: Sequence[str]) -> dict[str, Any]:
        """Send one frame from each connection."""
        begun = time.time()
        for client, frame in zip(self.clients, frames, strict=False):
            client.transport.write(masked(frame.encode()))
        return {"begun": begun}

    def drop(self) -> dict[str, Any]:
        """Break every connection without a word."""
        for client in self.clients:
            client.is_open = False
            raw = client.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.transport.abort()
        self.clients.clear()
        self.lost = 0
        return {}


async def main() -> None:
    """Do what the lines say, one after the other."""
    crowd, reader = Crowd(), asyncio.StreamReader(limit=2**26)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        order = json.loads(line)
        match order.pop("do"):
            case "connect":
                answer = await crowd.connect(**order)
            case "expect":
                answer = crowd.expect(**order)
            case "wait":
                answer = await crowd.wait(**order)
            case "say":
                answer = crowd.say(**order)
            case _:
                answer = crowd.drop()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
