"""Runs the benchmarks: all of them, or those whose names contain a word given on the command line."""

import asyncio
import os
import platform
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from benchmarks import (
    companies,
    detection,
    events,
    history,
    live,
    live_votes,
    readings,
    sign_ins,
    starting,
    transactions,
    watching,
    ways_in,
)
from benchmarks.measuring import Figure
from foodflow.kernel import garbage
from foodflow.kernel.telemetry import configure_logging

BENCHMARKS: dict[str, Callable[[], Coroutine[Any, Any, list[Figure]]]] = {
    "readings": readings.run,
    "history": history.run,
    "watching": watching.run,
    "transactions": transactions.run,
    "events": events.run,
    "companies": companies.run,
    "detection": detection.run,
    "sign_ins": sign_ins.run,
    "starting": starting.run,
    "ways_in": ways_in.run,
    "live": live.run,
    "live_votes": live_votes.run,
}


def main() -> None:
    """Print every figure as soon as it is measured; exit code 1 when a promise is not kept."""
    wanted = sys.argv[1:]
    configure_logging("warning")
    garbage.look_less_often()  # as every process of the product
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()}")
    broken = 0
    for name, run in BENCHMARKS.items():
        if wanted and not any(word in name for word in wanted):
            continue
        print(f"\n{name}")
        for figure in asyncio.run(run()):
            print(f"  {figure}")
            broken += not figure.kept
    sys.exit(1 if broken else 0)


main()
