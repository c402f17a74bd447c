"""Live sessions: ten thousand in one session, on one web process, against a bare WebSocket server in the same run.

Server, database and crowd are processes of this machine. The participants are put into the database beforehand, as
joining would have put them, so that what is measured is the session and not the way in, which has a figure of its own.
"""

import asyncio
import itertools
import json
import os
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import psutil
import psycopg

from benchmarks.installation import Installation, installation
from benchmarks.measuring import Figure
from foodflow.identity.public import people, proving
from foodflow.identity.public.proving import Entered
from foodflow.identity.public.signing_in import Caller
from foodflow.kernel import credentials
from foodflow.kernel.credentials import AccessClaims
from foodflow.live.public.authenticating import participant_key
from foodflow.live.public.participating import Participation, sign

CROWD = 10_000
MOST = 19_000
"""As many as the usual limit of 20,000 open files leaves room for in one process."""
SHARED = 20_000
"""As many as two web processes are given, which tell each other through the database."""
_JOINS, _DOORS = 2000, 20
"""How many come in for the figure of the way in, and over how many connections."""
_KEY = "the key of a database that exists for minutes"
_LIMIT_TIMES, _VOTES_SECONDS, _STORM_SECONDS, _MEMORY_MB = 3.0, 5.0, 15.0, 1000.0
_OPTIONS = ("yes", "no", "do not know")


class Crowd:
    """The processes that the clients are in, one for each server."""

    def __init__(self, processes: Sequence[asyncio.subprocess.Process]) -> None:
        self._processes = processes

    async def __call__(self, do: str, **order: object) -> dict[str, Any]:
        """Have all of them do the same, and wait until it is done."""
        return await self._each([{"do": do, **order} for _ in self._processes])

    async def connect(self, ports: Sequence[int], path: str, protocols: Sequence[str]) -> dict[str, Any]:
        """Connect, each process to a server of its own, by its part of the protocols."""
        shared = {"do": "connect", "path": path}
        parts = zip(ports, self._parts(protocols), strict=True)
        return await self._each([{**shared, "port": port, "protocols": part} for port, part in parts])

    async def say(self, frames: Sequence[str]) -> dict[str, Any]:
        """Send one frame from each connection."""
        return await self._each([{"do": "say", "frames": part} for part in self._parts(frames)])

    async def say_all(self) -> dict[str, Any]:
        """Have each bare server tell everybody."""
        return await self.say(["all"] * len(self._processes))

    def _parts(self, given: Sequence[str]) -> list[Sequence[str]]:
        size, rest = divmod(len(given), len(self._processes))
        _require(rest == 0, f"{len(given)} are not to be shared by {len(self._processes)}")
        return [given[start : start + size] for start in range(0, len(given), size)]

    async def _each(self, orders: Sequence[dict[str, Any]]) -> dict[str, Any]:
        answers = await asyncio.gather(*map(_done, self._processes, orders))
        return {key: _TOGETHER[key]([answer[key] for answer in answers]) for key in answers[0]}


async def _done(process: asyncio.subprocess.Process, order: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(order).encode() + b"\n")
    await process.stdin.drain()
    answer: dict[str, Any] = json.loads(await process.stdout.readline())
    return answer


def _merged(lists: Sequence[list[Any]]) -> list[Any]:
    return sorted(itertools.chain.from_iterable(lists))


_TOGETHER: dict[str, Callable[[list[Any]], Any]] = {
    "begun": min,
    "seconds": max,
    "moments": _merged,
    "said": _merged,
    "refused": list,
    **dict.fromkeys(("connected", "failed", "heard", "lost"), sum),
}
"""What the processes' answers say together."""


@dataclass(frozen=True, slots=True)
class Web:
    """The web processes, a client that leads the session, and who takes part in it."""

    ports: list[int]
    processes: Sequence[psutil.Process]
    client: httpx.AsyncClient
    session_id: int
    activity_id: str
    tokens: Sequence[str]

    @property
    def memory(self) -> float:
        """Megabytes that a web process holds, its children included; the most of any."""
        return max(_memory_of(process) for process in self.processes)


def _memory_of(process: psutil.Process) -> float:
    return float(sum(each.memory_info().rss for each in [process, *process.children()])) / 1e6


async def run() -> list[Figure]:
    """All figures of live sessions."""
    figures = await _measured(CROWD)
    return figures + await _measured(MOST, promised=False) + await _measured(SHARED, processes=2, promised=False)


async def _measured(size: int, *, processes: int = 1, promised: bool = True) -> list[Figure]:
    async with _crowd(processes) as crowd, _bare(processes) as ports:
        bare = await _bare_figures(crowd, ports, size)
    async with installation() as place, _crowd(processes) as crowd, _web(place, size, processes) as web:
        figures = await _session_figures(place, crowd, web, bare)
    if not promised:
        by = "" if processes == 1 else f" ({processes} web processes)"
        return [Figure(each.what + by, each.measured, each.limit, each.unit) for each in figures]
    return figures


async def _bare_figures(crowd: Crowd, ports: list[int], size: int) -> dict[str, float]:
    connected = await crowd.connect(ports, "/", [""] * size)
    _require(connected["failed"] == 0, connected)
    told = []
    for _ in range(3):
        await crowd("expect", word='"turn"')
        begun = (await crowd.say_all())["begun"]
        heard = await crowd("wait", seconds=60)
        told.append((heard["moments"][int(size * 0.99) - 1] - begun, heard["moments"][-1] - begun))
    await crowd("expect", word="ok")
    begun = (await crowd.say(["vote " * 30] * size))["begun"]
    answered = (await crowd("wait", seconds=60))["moments"][-1] - begun
    p99, last = sorted(told)[1]
    return {"connect": connected["seconds"], "p99": p99, "last": last, "answered": answered}


async def _session_figures(place: Installation, crowd: Crowd, web: Web, bare: dict[str, float]) -> list[Figure]:
    size = len(web.tokens)
    path = f"/api/v1/sessions/{web.session_id}/socket"
    protocols = [f"foodflow, token.{token}" for token in web.tokens]
    connected = await crowd.connect(web.ports, path, protocols)
    _require(connected["failed"] == 0, connected)
    await asyncio.sleep(2)

    told = [await _told(crowd, web, deed, "turn") for deed in ("open", "close", "open")]
    last = sorted(each[1] for each in told)[1]

    votes = await _votes(crowd, web)
    await _require_exact(place, web, size)

    await crowd("drop")
    await asyncio.sleep(1)
    await crowd("expect", word='"type":"state"')
    begun = time.time()
    again = await crowd.connect(web.ports, f"{path}?after=1", protocols)
    _require(again["failed"] == 0, again)
    storm = (await crowd("wait", seconds=120))["moments"][-1] - begun
    memory = web.memory
    joined, committed = await _joins(web), await _commits(place)
    return [
        Figure(f"{_JOINS:,} come in over HTTP, each in the database when told so", joined, committed, "s"),
        Figure(f"{size:,} connect", connected["seconds"], bare["connect"], "s"),
        Figure(
            f"a facilitator's change, until the last of {size:,} has it",
            last,
            bare["p99"],
            "s",
            f"at most {_LIMIT_TIMES:.0f} times the bare server's p99",
            kept=last <= _LIMIT_TIMES * bare["p99"],
        ),
        Figure(
            f"{size:,} vote at once, until the last is acknowledged as stored",
            votes,
            bare["answered"],
            "s",
            f"within {_VOTES_SECONDS:.0f} s",
            kept=votes <= _VOTES_SECONDS,
        ),
        Figure(
            f"{size:,} lose the line and come back as who they were",
            storm,
            bare["connect"],
            "s",
            f"within {_STORM_SECONDS:.0f} s",
            kept=storm <= _STORM_SECONDS,
        ),
        Figure(
            f"memory of the web process with {size:,} connected",
            memory,
            _MEMORY_MB,
            "MB",
            "under 1 GB",
            kept=memory < _MEMORY_MB,
        ),
    ]


async def _told(crowd: Crowd, web: Web, deed: str, word: str) -> tuple[float, float]:
    """Seconds until 99 % and until all have heard of a deed, from when it was asked for."""
    await crowd("expect", word=f'"type":"{word}"')
    begun = time.time()
    answer = await web.client.post(f"/api/v1/activities/{web.activity_id}/{deed}")
    _require(answer.is_success, answer.text)
    heard = await crowd("wait", seconds=120)
    _require(heard["heard"] >= len(web.tokens), {**heard, "moments": []})
    moments = heard["moments"]
    return moments[int(len(moments) * 0.99) - 1] - begun, moments[-1] - begun


async def _votes(crowd: Crowd, web: Web) -> float:
    frames = [
        json.dumps(
            {
                "type": "respond",
                "key": str(uuid4()),
                "activity_id": web.activity_id,
                "data": {"selected_options": [_OPTIONS[number % len(_OPTIONS)]]},
            }
        )
        for number in range(len(web.tokens))
    ]
    await crowd("expect", word='"type":"ack"')
    begun = (await crowd.say(frames))["begun"]
    heard = await crowd("wait", seconds=120)
    _require(heard["heard"] == len(web.tokens), {**heard, "moments": []})
    return float(heard["moments"][-1] - begun)


async def _joins(web: Web) -> float:
    """Seconds until some guests have a place in the session, over connections that stay open."""
    path = f"/api/v1/sessions/{web.session_id}/join"

    async def door(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", web.ports[0])
        for each in range(number, _JOINS, _DOORS):
            body = json.dumps({"nickname": f"Visitor {each}"}).encode()
            head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(body)}\r\n"
            writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            _require(answer.startswith(b"HTTP/1.1 200"), answer)
            length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
        writer.close()

    capacity = await web.client.put(f"/api/v1/sessions/{web.session_id}/capacity", json={"max_participants": 50_000})
    _require(capacity.is_success, capacity.text)
    # Some of the numbers that follow are no fit nicknames.
    unfiltered = await web.client.put(f"/api/v1/sessions/{web.session_id}/settings", json={"filters_nicknames": False})
    _require(unfiltered.is_success, unfiltered.text)
    begun = time.perf_counter()
    await asyncio.gather(*map(door, range(_DOORS)))
    return time.perf_counter() - begun


async def _commits(place: Installation) -> float:
    """Seconds of as many rows in a plain table, each in a transaction of its own, one after the other."""
    async with await psycopg.AsyncConnection.connect(place.postgres.url, autocommit=True) as connection:
        await connection.execute("SET ROLE t_demo")
        await connection.execute("CREATE TABLE t_demo.plain (id serial PRIMARY KEY, nickname text)")
        begun = time.perf_counter()
        for each in range(_JOINS):
            await connection.execute("INSERT INTO t_demo.plain (nickname) VALUES (%s)", [f"Visitor {each}"])
        return time.perf_counter() - begun


async def _require_exact(place: Installation, web: Web, size: int) -> None:
    """None lost, none double: as many answers as votes, each of somebody else, and a tally that says the same."""
    async with await psycopg.AsyncConnection.connect(place.postgres.url) as connection:
        await connection.execute("SET ROLE t_demo")
        found = await connection.execute(
            "SELECT count(*), count(DISTINCT participant_id) FROM t_demo.live_responses WHERE activity_id = %s",
            [web.activity_id],
        )
        _require(await found.fetchone() == (size, size), "votes were lost or counted twice")
    answer = await web.client.get(f"/api/v1/activities/{web.activity_id}/results")
    counts = answer.json()["results"]["vote_counts"]
    wanted = {option: len(range(place_, size, len(_OPTIONS))) for place_, option in enumerate(_OPTIONS)}
    _require(counts == wanted, (counts, wanted))


def _require(holds: bool, said: object) -> None:  # noqa: FBT001 - a condition
    if not holds:
        raise RuntimeError(said)


@asynccontextmanager
async def _crowd(count: int) -> AsyncIterator[Crowd]:
    async with AsyncExitStack() as stack:
        yield Crowd([await stack.enter_async_context(_running("benchmarks.crowd")) for _ in range(count)])


@asynccontextmanager
async def _bare(count: int) -> AsyncIterator[list[int]]:
    ports = [_free_port() for _ in range(count)]
    async with AsyncExitStack() as stack:
        for port in ports:
            server = await stack.enter_async_context(_running("benchmarks.bare_sockets", str(port)))
            assert server.stdout is not None
            await server.stdout.readline()
        yield ports


@asynccontextmanager
async def _running(module: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**26,
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def _web(place: Installation, size: int, count: int) -> AsyncIterator[Web]:
    password = secrets.token_urlsafe()
    await people.ensure_administrator(place.database, tenant="demo", username="bench", password=password)
    proved = await proving.check_password(place.database, Entered("bench", password), Caller(), default="demo")
    token = credentials.sign_access_token(_KEY, AccessClaims(proved.signed_in.user_id, "demo"))
    ports = [_free_port() for _ in range(count)]
    headers, address = {"Authorization": f"Bearer {token}"}, "http://127.0.0.1:"
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(_web_process(place, port)) for port in ports]
        async with httpx.AsyncClient(headers=headers, timeout=60) as client:
            for port in reversed(ports):
                client.base_url = httpx.URL(f"{address}{port}")
                await _ready(client)
            session_id, activity_id = await _session(client)
            tokens = await _participants(place, session_id, size)
            yield Web(ports, processes, client, session_id, activity_id, tokens)


@asynccontextmanager
async def _web_process(place: Installation, port: int) -> AsyncIterator[psutil.Process]:
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {
            "DATABASE_URL": place.postgres.url,
            "FOODFLOW_SECRET_KEY": _KEY,
            "FOODFLOW_HOME": home,
            "FOODFLOW_PORT": str(port),
            "FOODFLOW_LOG_LEVEL": "warning",
        }
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "foodflow", "web", env=environment)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            await process.wait()


async def _ready(client: httpx.AsyncClient) -> None:
    for _ in range(300):
        try:
            if (await client.get("/health/live")).is_success:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise RuntimeError("the web process did not start")


async def _session(client: httpx.AsyncClient) -> tuple[int, str]:
    made = (await client.post("/api/v1/sessions", json={"title": "Ten thousand"})).json()
    config = {"question": "Is it ready?", "options": list(_OPTIONS), "show_live_results": False}
    activity = await client.post(
        f"/api/v1/sessions/{made['id']}/activities/framework",
        json={"activity_type": "poll", "title": "Ready", "configuration": config},
    )
    _require(activity.is_success, activity.text)
    _require((await client.post(f"/api/v1/sessions/{made['id']}/start")).is_success, "the session did not start")
    return made["id"], activity.json()["id"]


async def _participants(place: Installation, session_id: int, size: int) -> list[str]:
    async with await psycopg.AsyncConnection.connect(place.postgres.url) as connection:
        await connection.execute("SET ROLE t_demo")
        rows = await connection.execute(
            "INSERT INTO t_demo.live_participants (session_id, nickname, actor, role, score, streak, correct,"
            " answered, joined_at, last_seen) SELECT %s, 'Guest ' || n, '', 'participant', 0, 0, 0, 0, now(), now()"
            " FROM generate_series(1, %s) AS n RETURNING id",
            [session_id, size],
        )
        ids = [row[0] for row in await rows.fetchall()]
        await connection.execute(
            "UPDATE t_demo.live_sessions SET participant_count = %s, max_participants = %s WHERE id = %s",
            [size, size, session_id],
        )
        await connection.execute("ANALYZE t_demo.live_participants")
    key = participant_key(_KEY)
    return [sign(key, Participation("demo", session_id, id)) for id in ids]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
