"""Serving an application over HTTP until the process is told to end."""

import asyncio
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from foodflow.kernel import garbage
from foodflow.kernel.http.connections import Connection
from foodflow.kernel.http.sockets import Socket

SECONDS_TO_END = 4
"""How long requests and streams that go on may keep the process from ending."""
SECONDS_TO_LEAVE = 8.0
"""When it ends whatever still runs, such as a thread that cannot be called back; the supervisor waits 10 seconds."""
SECONDS_UNREAD: Final = 60
"""How long a peer may leave unread, or unacknowledged, what was sent to it."""
_BACKLOG = 4096


def serve(app: ASGIApp, *, host: str, port: int, end: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; `end` is called first then, to have streams end that would go on for ever."""
    _allow_open_files()
    # What is loaded stays. Looked through again and again, it would cost more than what thousands of connections bring.
    garbage.let_stay()
    garbage.look_less_often()
    _Server(configured(app, host=host, port=port), end).run()


def configured(
    app: ASGIApp, *, host: str, port: int, http: type[Connection] = Connection, ws: type[Socket] = Socket
) -> uvicorn.Config:
    """How uvicorn serves an application of ours, on connections and sockets with the bounds of these classes."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        backlog=_BACKLOG,
        loop="asyncio",
        http=http,
        ws=ws,
        ws_max_size=ws.max_message,
        ws_ping_interval=ws.seconds_between_pings,
        ws_ping_timeout=ws.seconds_to_pong,
        ws_per_message_deflate=False,  # it would cost each socket more memory than all the rest
        lifespan="on",
        interface="asgi3",
        server_header=False,
        proxy_headers=False,  # whom to believe is the application's own rule
        access_log=False,  # the application logs each request itself
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=SECONDS_TO_END,
    )


class _Server(uvicorn.Server):
    """Told to end by a signal, it ends streams first, and leaves with exit code 0."""

    def __init__(self, config: uvicorn.Config, end: Callable[[], None]) -> None:
        super().__init__(config)
        self._end = end

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn would raise the signal again afterwards, and the process would seem to have been killed."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_end)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and have the kernel end connections whose peer is gone or does not read."""
        await super().startup(sockets)
        option = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux has it
        for listener in (each for server in self.servers for each in server.sockets):
            if option is not None:
                listener.setsockopt(socket.IPPROTO_TCP, option, SECONDS_UNREAD * 1000)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then whatever else there is."""
        self._end()
        await super().shutdown(sockets)

    def _told_to_end(self) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True
        leave = threading.Timer(SECONDS_TO_LEAVE, os._exit, (0,))
        leave.daemon = True
        leave.start()


def _allow_open_files() -> None:
    """Take as many open files as may be had: each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS says "without bound" and does not mean it
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
