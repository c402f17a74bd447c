"""A small OpenID provider on 127.0.0.1, real to the last byte, which can be told to misbehave."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

CLIENT_ID = "foodflow"
CLIENT_SECRET = "a secret of the provider's"
DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/jwks.json"
HOLD_SECONDS = 20.0
_PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """One key for each name: making them takes long."""
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(key: _PrivateKey, id: str | None) -> dict[str, Any]:
    """A key as it is published."""
    if isinstance(key, rsa.RSAPrivateKey):
        described = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        described = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**described, "use": "sig", **({} if id is None else {"kid": id})}


def sealed_with(key: bytes, claims: dict[str, Any], **header: str) -> str:
    """A token of HS256 with any bytes as its key, which the library would refuse to make."""
    head = unsigned(claims, **{"alg": "HS256", **header}).rpartition(".")[0]
    signature = hmac.digest(key, head.encode(), "sha256")
    return f"{head}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def unsigned(claims: dict[str, Any], **header: str) -> str:
    """A token that nobody has signed."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT", **header}, claims))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


@dataclass
class Provider:
    """What it publishes and says; a test changes that as it likes."""

    issuer: str = ""
    keys: dict[str | None, _PrivateKey] = field(default_factory=lambda: {"first": rsa_key("first")})
    published: dict[str, bytes] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] | None = None
    status: int = 200
    redirect_to: str = ""
    codes_hold: bool = False
    held: threading.Event = field(default_factory=threading.Event)
    slow: bool = False
    dripping: bool = False
    asked: Counter[str] = field(default_factory=Counter)
    begun: dict[str, dict[str, str]] = field(default_factory=dict)

    def reset(self) -> None:
        """Behave well again."""
        self.held.set()
        fresh = Provider(self.issuer)
        vars(self).update(vars(fresh))

    def document(self) -> dict[str, Any]:
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": self.issuer + JWKS,
        }
        return said | self.discovery

    def key_set(self) -> dict[str, Any]:
        return {"keys": [public_jwk(key, id) for id, key in self.keys.items()]}

    def token(self, **claims: object) -> str:
        """A token of the newest key; a claim that is None is left out."""
        now = int(time.time())
        said: dict[str, Any] = {"iss": self.issuer, "iat": now, "exp": now + 300, **claims}
        said = {name: value for name, value in said.items() if value is not None}
        if self.sign is not None:
            return self.sign(said)
        id, key = next(reversed(self.keys.items()))
        algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(said, key, algorithm, headers={} if id is None else {"kid": id})

    def authorize(self, query: dict[str, str]) -> str:
        """Sign in whoever asks, and send them back with a code."""
        code = secrets.token_urlsafe()
        self.begun[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], 'iss': self.issuer})}"

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Tokens for a code, once, for the client that began with it."""
        begun = self.begun.get(form["code"]) if self.codes_hold else self.begun.pop(form["code"], None)
        expected = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        by_form = (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if begun is None or begun["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if begun["code_challenge_method"] != "S256" or begun["code_challenge"] != challenge.decode():
            return 400, {"error": "invalid_grant"}
        if authorization != expected and not by_form:
            return 401, {"error": "invalid_client"}
        said = {"aud": CLIENT_ID, "sub": "somebody", "nonce": begun["nonce"], **self.claims}
        return 200, {"access_token": "of no use", "token_type": "Bearer", "id_token": self.token(**said)}


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, provider: Provider) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.provider = provider
        provider.issuer = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hangs up in the middle of an answer means to."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        parts, provider = urlsplit(self.path), self.server.provider
        if not self.taken(parts.path):
            return
        if parts.path == "/authorize":
            self.lead(provider.authorize({name: each[0] for name, each in parse_qs(parts.query).items()}))
        elif parts.path in provider.published:
            self.answer(200, provider.published[parts.path])
        elif parts.path.endswith(DISCOVERY):
            self.answer(200, json.dumps(provider.document()).encode())
        elif parts.path.endswith(JWKS):
            self.answer(200, json.dumps(provider.key_set()).encode())
        else:
            self.answer(404, b"{}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        if not self.taken(self.path):
            return
        form = {name: each[0] for name, each in parse_qs(body).items()}
        status, content = self.server.provider.exchange(form, self.headers.get("authorization", ""))
        self.answer(status, json.dumps(content).encode())

    def taken(self, path: str) -> bool:
        """Whether the call is to be answered as it should be."""
        provider = self.server.provider
        provider.asked[path] += 1
        if provider.slow:
            provider.held.wait(HOLD_SECONDS)
        if provider.redirect_to:
            self.lead(provider.redirect_to)
        elif provider.status != 200:
            self.answer(provider.status, b"{}")
        return not provider.redirect_to and provider.status == 200

    def lead(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not self.server.provider.dripping:
            self.wfile.write(body)
            return
        for byte in body:
            self.wfile.write(bytes([byte]))
            self.server.provider.held.wait(0.1)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's signature
        """A test says what went wrong."""


def start() -> tuple[Provider, Server]:
    """Start a provider on a free port; it ends with the process or by `shutdown`."""
    server = Server(Provider())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server.provider, server


@cache
def well_behaved() -> Provider:
    """One that whoever needs any provider may use, for as long as the process lasts."""
    return start()[0]
