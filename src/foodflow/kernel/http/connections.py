"""One connection of the web server, and its bounds: what a head may hold, how long it is waited for, how it ends."""

from http import HTTPStatus
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

_VERSIONS: Final = frozenset({"1.0", "1.1"})  # the parser would take 0.9 and 2.0, too
_LONGEST_LINE_OF_A_SOCKET: Final = 8000  # beyond 8192 with all that belongs to it, uvicorn's WebSocket answers nothing


class _RefusedError(Exception):
    """Ends the parser's work within a request."""


class Connection(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, with bounds that it leaves to a proxy in front; there need not be one."""

    max_head: ClassVar = 65_536
    """Bytes of a request's line and headers together, of a chunk's line, and of what follows the last chunk."""
    max_headers: ClassVar = 100
    max_waiting: ClassVar = 32
    """Requests that may wait behind the one that is being answered (pipelining)."""
    seconds_for_head: ClassVar = 20.0
    seconds_without_body: ClassVar = 30.0
    seconds_idle: ClassVar = 75.0
    """Longer than the 60 seconds for which usual proxies keep a connection, so that it is they who end it."""
    seconds_to_hear: ClassVar = 2.0
    """How long somebody who was refused may take to read why."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's signature
        super().__init__(*args, **kwargs)
        self._over = False
        self._status = HTTPStatus.BAD_REQUEST
        self._unyielded = 0
        self._head_since: float | None = self.loop.time()

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - a transport, however uvicorn types it
        """Wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        """Hand on what has come; what has not yielded anything for too long is refused."""
        if self._over:
            return
        self._unyielded += len(data)
        super().data_received(data)
        if self._is_over():
            return
        if self._unyielded > self.max_head:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        else:
            self._wait()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        if self._head_since is None:
            self._head_since = self.loop.time()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; one after the body would come too late to be looked at, and is left out."""
        if self._head_since is None:
            return
        super().on_header(name, value)
        if len(self.headers) > self.max_headers:
            self._give_up(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """A head is whole."""
        if self.parser.get_http_version() not in _VERSIONS:
            self._give_up(HTTPStatus.BAD_REQUEST)
        if self._unyielded > self.max_head and self._size_of_head() > self.max_head:
            self._give_up(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if len(self.pipeline) >= self.max_waiting:
            self._give_up(HTTPStatus.TOO_MANY_REQUESTS)
        self._unyielded, self._head_since = 0, None
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of a body."""
        self._unyielded = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._unyielded = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer is whole; a body that nobody wanted to read has to end as soon as a head."""
        super().on_response_complete()
        if self._head_since is None and self.cycle.more_body and not self._is_answering():
            self._head_since = self.loop.time()
        if self._head_since is not None and not self._is_over():
            self._wait()

    def handle_websocket_upgrade(self) -> None:
        """Become a WebSocket, unless its head would not be read or an answer is still on its way."""
        lines = (len(name) + len(value) for name, value in self.headers)
        if max(len(self.url), *lines) > _LONGEST_LINE_OF_A_SOCKET:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._is_answering():
            self._refuse(HTTPStatus.BAD_REQUEST)
        else:
            self._over = True
            super().handle_websocket_upgrade()
            del self.parser  # which knows this connection, so that both would stay until somebody looks for cycles

    def _unsupported_upgrade_warning(self) -> None:
        # Answered as if nobody had asked. What came with it in the other protocol is lost, so nothing may follow.
        self.cycle.keep_alive = False

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """What is no request is told so, and nobody else has to hear of it."""
        self._refuse(self._status)

    def timeout_keep_alive_handler(self) -> None:
        """Nothing came for too long; if it is we who do not read, that is nobody's fault."""
        if self.flow.read_paused:
            self._wait()
        else:
            super().timeout_keep_alive_handler()

    def _is_over(self) -> bool:
        return self._over or self.transport.is_closing()

    def _is_answering(self) -> bool:
        latest: RequestResponseCycle | None = self.cycle
        return latest is not None and not latest.response_complete

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)

    def _give_up(self, status: HTTPStatus) -> None:
        self._status = status
        raise _RefusedError

    def _wait(self) -> None:
        """See to it that this connection ends unless what it waits for comes in time."""
        if self._is_answering():
            if self.cycle.more_body:
                self._end_after(self.seconds_without_body)
        elif self._head_since is not None:
            self._end_after(self._head_since + self.seconds_for_head - self.loop.time())
        else:
            self._end_after(self.seconds_idle)

    def _end_after(self, seconds: float) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _refuse(self, status: HTTPStatus) -> None:
        """Take nothing more on this connection: the requests before this one are answered, and this one is refused."""
        self._over = True
        self._unset_keepalive_if_required()
        if self._is_answering() and not self.cycle.more_body:
            self.cycle.keep_alive = False
            return
        if self._is_answering() and (self.pipeline or self.cycle.response_started):
            self.transport.close()  # a status in between would be taken for another request's answer
            return
        if self._is_answering():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        headers = [*self.server_state.default_headers, (b"content-length", b"0"), (b"connection", b"close")]
        lines = (b"%s: %s\r\n" % header for header in headers)
        self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n"]))
        # Closed at once, with bytes unread, it would be reset before the other side has read why.
        self.transport.write_eof()
        self._end_after(self.seconds_to_hear)
