"""One WebSocket of the web server, and its bounds: what waits in it, in how many pieces, and that its peer is alive."""

from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any, ClassVar, Final

from starlette.types import Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request

_SLICE: Final = 1024
_WRITE: Final = "foodflow.write"

Write = Callable[[str], bool]
"""Writes a text to a socket that was accepted, unless that would have to wait; returns whether it did."""


def write_of(scope: Scope) -> Write | None:
    """What writes to the socket of an ASGI scope at once; None where another server than ours stands before us."""
    write: Write | None = scope.get("extensions", {}).get(_WRITE)
    return write


class Socket(WebSocketsSansIOProtocol):
    """WebSocket as uvicorn speaks it, with bounds that it has not."""

    max_message: ClassVar = 65_536
    """Bytes of a message that a peer sends."""
    max_pieces: ClassVar = 64
    """Frames that a message may come in."""
    max_waiting: ClassVar = 16
    """Messages that wait for the application before no more is taken from the connection."""
    seconds_between_pings: ClassVar = 20.0
    seconds_to_pong: ClassVar = 20.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's signature
        super().__init__(*args, **kwargs)
        self._held = b""
        self._offers: dict[str, Any] = {}

    def data_received(self, data: bytes) -> None:
        """Take what has come as far as the application keeps up; the rest is held, and no more is read meanwhile."""
        self._held += data
        self._take()

    async def receive(self) -> Any:  # noqa: ANN401 - what it is, uvicorn keeps to itself
        """Hand the next message to the application, and take what has been held."""
        message = await super().receive()
        self._take()
        return message

    def handle_connect(self, event: Request) -> None:
        """Offer the application to write without ASGI's turns, so that a text to thousands goes out in one."""
        super().handle_connect(event)
        if not self.close_sent:
            scope: Any = self.scope  # uvicorn types what it puts into it itself
            self._offers = scope["extensions"]
            self._offers[_WRITE] = self.write_at_once

    def connection_lost(self, exc: Exception | None) -> None:
        """Offer nothing more, so that nothing of this connection stays until somebody looks for cycles."""
        super().connection_lost(exc)
        self._offers.clear()

    def write_at_once(self, text: str) -> bool:
        """Write a text if the peer has room for it, and say whether; one text to many is framed once."""
        is_open = self.handshake_complete and not self.close_sent and not self.transport.is_closing()
        if not is_open or not self.writable.is_set():
            return False
        self.transport.write(_framed(text))
        return True

    def send(self, message: Any) -> Coroutine[Any, Any, None]:  # noqa: ANN401 - the same
        """Send a message of the application, or what it answers instead of accepting."""
        return super().send(message) if self.handshake_complete else self._answer(message)

    async def _answer(self, message: Any) -> None:  # noqa: ANN401 - the same
        await super().send(message)
        if self.close_sent:  # refused in whole; uvicorn forgets it, and would log that nothing was answered
            self.handshake_complete = True

    def handle_cont(self, event: Frame) -> None:
        """A further piece of a message; pieces may be empty, so their number has a bound of its own."""
        if len(self.frames) >= self.max_pieces:
            self._fail(CloseCode.MESSAGE_TOO_BIG)
        else:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Queue a message that is whole; uvicorn would log one that is no text as a failure of ours."""
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self._fail(CloseCode.INVALID_DATA)
        else:
            super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answer a ping, unless the peer does not read: answers would pile up."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def keepalive_timeout(self) -> None:
        """Leave a peer that does not answer; it will not read what still waits for it."""
        super().keepalive_timeout()
        self.transport.abort()

    def _take(self) -> None:
        while (
            self._held
            and (self.close_sent or self.queue.qsize() < self.max_waiting)
            and not self.transport.is_closing()
        ):
            piece, self._held = self._held[:_SLICE], self._held[_SLICE:]
            super().data_received(piece)

    def _fail(self, code: CloseCode) -> None:
        self.frames = []
        self.conn.fail(code)
        self.handle_parser_exception()


@lru_cache(maxsize=64)
def _framed(text: str) -> bytes:
    """A text as a server sends it (RFC 6455, section 5): not masked, in one piece, and by no extension."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
