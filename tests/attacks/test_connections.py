"""The server itself, byte by byte: where a request ends is never in doubt, and what is no request is no answer."""

import re
import socket
from collections.abc import AsyncIterator
from typing import Final

import pytest

from foodflow.settings import Settings
from tests.kernel.live.conftest import Server, serving
from tests.make import until

PATIENCE: Final = 5
SMUGGLED: Final = b"GET /health/ready HTTP/1.1\r\nHost: t\r\nX-Request-ID: smuggled\r\n\r\n"


@pytest.fixture(scope="module")
async def server(settings: Settings) -> AsyncIterator[Server]:
    """This module's web process."""
    with serving(settings) as server:
        await until(server.answers, seconds=30)
        yield server


def exchange(server: Server, sent: bytes) -> bytes:
    """All that comes back on a connection for these bytes until it is silent or closed."""
    host, _, port = server.host.partition(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(sent)
        connection.settimeout(1)
        try:
            while part := connection.recv(65536):
                received += part
        except (TimeoutError, ConnectionResetError):
            pass
    return received


def statuses(received: bytes) -> list[int]:
    return [int(each) for each in re.findall(rb"HTTP/1\.[01] (\d{3})", received)]


def request(*headers: bytes, body: bytes = b"", line: bytes = b"POST /api/v1/auth/token HTTP/1.1") -> bytes:
    return b"\r\n".join([line, b"Host: t", b"Content-Type: application/json", *headers, b"", body])


LENGTHS: Final = {
    "two lengths": request(b"Content-Length: 0", b"Content-Length: %d" % len(SMUGGLED), body=SMUGGLED),
    "two lengths in one": request(b"Content-Length: 0, %d" % len(SMUGGLED), body=SMUGGLED),
    "a length with a sign": request(b"Content-Length: +0", body=SMUGGLED),
    "a length below zero": request(b"Content-Length: -1", body=SMUGGLED),
    "a length that is no number": request(b"Content-Length: 0x10", body=SMUGGLED),
    "a length beyond counting": request(b"Content-Length: 99999999999999999999999", body=SMUGGLED),
    "another encoding": request(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + SMUGGLED),
    "chunked and then another": request(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n" + SMUGGLED),
    "a space before the colon": request(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n" + SMUGGLED),
    "a size that is no number": request(b"Transfer-Encoding: chunked", body=b"zz\r\n\r\n" + SMUGGLED),
    "a size with a sign": request(b"Transfer-Encoding: chunked", body=b"-1\r\n\r\n" + SMUGGLED),
}
"""Requests whose end two programs could see at different places; a second one stands where one might see it."""


@pytest.mark.parametrize("name", LENGTHS)
def test_a_request_whose_end_is_in_doubt_ends_the_connection(server: Server, name: str) -> None:
    received = exchange(server, LENGTHS[name])
    assert b"smuggled" not in received
    assert all(status >= 400 for status in statuses(received))


def test_chunks_say_where_a_request_ends_whatever_length_is_given_beside(server: Server) -> None:
    body = b'{"username": "a"}'
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    received = exchange(server, request(b"Content-Length: 4", b"Transfer-Encoding: chunked", body=chunk))
    assert len(statuses(received)) == 1
    assert statuses(received)[0] in {400, 422}
    assert b"username" not in received


MALFORMED: Final = {
    "a line break within a header": request(b"X-Request-ID: a\rb: c"),
    "a NUL in a header": request(b"X-Request-ID: a\0b"),
    "a header without a name": request(b": nothing"),
    "a header over two lines": request(b"X-Request-ID: a", b" b"),
    "no host of a second kind": b"GET /\r\n\r\n",
    "an unknown version": request(line=b"GET / HTTP/9.9"),
    "a header larger than any": request(b"X-Request-ID: " + b"a" * 1_000_000),
    "headers without number": request(*[b"X-Number-%d: 1" % number for number in range(5_000)]),
    "an address larger than any": request(line=b"GET /%s HTTP/1.1" % (b"a" * 1_000_000)),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_request_is_refused_and_the_next_caller_is_answered(server: Server, name: str) -> None:
    received = exchange(server, MALFORMED[name])
    assert all(400 <= status < 500 for status in statuses(received)), received[:300]
    assert len(received) < 2_000
    assert server.answers()


@pytest.mark.parametrize("name", ["a header larger than any", "headers without number", "an address larger than any"])
def test_what_is_too_large_is_told_so(server: Server, name: str) -> None:
    assert statuses(exchange(server, MALFORMED[name])) == [431]


PATHS: Final = [
    b"/static/../../settings.py",
    b"/static/..%2f..%2fsettings.py",
    b"/static/%2e%2e/%2e%2e/settings.py",
    b"/static/....//settings.py",
    b"/static//etc/passwd",
    b"//etc/passwd",
    b"/static/console.css%00.js",
    b"/static/..\\..\\settings.py",
    b"/%c0%ae%c0%ae/etc/passwd",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out_of_what_is_served(server: Server, path: bytes) -> None:
    received = exchange(server, request(line=b"GET %s HTTP/1.1" % path))
    assert statuses(received)[0] in {400, 404}
    assert b"root:" not in received
    assert b"BaseSettings" not in received


def test_nothing_says_which_version_answers(server: Server) -> None:
    received = exchange(server, request(line=b"GET /nothing HTTP/1.1")).lower()
    assert not re.search(rb"\r\n(server|x-powered-by|via):", received)
    assert not re.search(rb"(uvicorn|httptools|websockets|python|starlette|fastapi|foodflow)[ /][0-9]", received)
