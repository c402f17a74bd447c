"""A receiver of webhooks on this machine, which holds signatures against the specification by itself."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Got:
    """A call: its headers, its body as it came, and the event in it."""

    headers: dict[str, str]
    body: bytes
    path: str

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def is_signed_with(self, secret: str) -> bool:
        """As the Standard Webhooks specification has it: any of the signatures, over id, time and body."""
        key = base64.b64decode(secret.split("_", 1)[1])
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.{self.body.decode()}"
        expected = base64.b64encode(hmac.digest(key, signed.encode(), hashlib.sha256)).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split(" ")


Answer = tuple[int, dict[str, str], bytes]
TAKEN: Answer = (200, {}, b"thank you")


@dataclass
class Receiver:
    """Remembers what it got; `answer` says what it answers, and `seconds` how long it takes to."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answer: Callable[[Got], Answer] = lambda _got: TAKEN
    seconds: float = 0.0
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def numbers(self) -> list[int]:
        return [got.event["data"]["number"] for got in self.got]


def start(receiver: Receiver) -> ThreadingHTTPServer:
    """Serve, on the port that the receiver had before if it had one."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            body = self.rfile.read(length)
            if len(body) < length:
                return  # whoever sent it was killed
            got = Got({name.lower(): value for name, value in self.headers.items()}, body, self.path)
            with receiver.lock:
                receiver.at_once += 1
                receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
                receiver.got.append(got)
            time.sleep(receiver.seconds)
            status, headers, content = receiver.answer(got)
            with receiver.lock:
                receiver.at_once -= 1
            self.send_response(status)
            for name, value in ({"content-length": str(len(content))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """Whoever called may have hung up by now."""

    server = Server(("127.0.0.1", receiver.port), Handler)
    receiver.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that is there until the block ends."""
    receiver = Receiver()
    server = start(receiver)
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
