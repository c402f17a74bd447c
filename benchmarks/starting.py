"""Starting: how soon `foodflow up` is ready when its data is there already."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

from benchmarks.measuring import Figure

PROMISED_SECONDS = 5.0
RUNS = 3


async def run() -> list[Figure]:
    """The median of some starts, against a bare start of the interpreter."""
    return await asyncio.to_thread(_measure)


def _measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        _start_once(folder)
        took = sorted(_start_once(folder) for _ in range(RUNS))[RUNS // 2]
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    bare = time.perf_counter() - started
    promise = f"under {PROMISED_SECONDS:.0f} s"
    return [Figure("a second `foodflow up`", took, bare, "s", promise=promise, kept=took < PROMISED_SECONDS)]


def _start_once(home: str) -> float:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"FOODFLOW_HOME": f"{home}/home", "FOODFLOW_PORT": str(port)}
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "foodflow", "up"], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        ready = next((line for line in process.stdout if line.startswith("FoodFlow is ready")), None)
        took = time.perf_counter() - started
        assert ready, "FoodFlow did not start"
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    return took
