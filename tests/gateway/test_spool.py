"""The spool keeps what was taken until it is acknowledged, over the end of the process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from foodflow.gateway.measurements import BAD, Measurement
from foodflow.gateway.spool import Aside, Spool
from foodflow.kernel.errors import Unavailable

MOST = 1_000_000
_ADDER = """
import sys
from pathlib import Path
from foodflow.gateway.measurements import Measurement
from foodflow.gateway.spool import Spool
spool = Spool(Path(sys.argv[1]), most=10**9)
for number in range(10**9):
    spool.add([Measurement("s", number, float(number))])
    print(number, flush=True)
"""


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path, most=MOST)
    yield made
    made.close()


def measurements(*times: int, sensor: str = "s") -> list[Measurement]:
    return [Measurement(sensor, time, time / 2) for time in times]


def test_what_was_added_comes_out_in_order_and_leaves_when_it_is_done(spool: Spool) -> None:
    spool.add([*measurements(3, 1), Measurement("t", 5, None, BAD)])
    first = spool.oldest(2)
    assert first.measurements == measurements(3, 1)
    spool.add(measurements(9))
    spool.done(first)
    assert spool.oldest(10).measurements == [Measurement("t", 5, None, BAD), *measurements(9)]
    assert spool.waiting == 2


def test_it_is_all_there_when_it_is_opened_again(tmp_path: Path) -> None:
    first = Spool(tmp_path, most=MOST)
    first.add(measurements(1, 2, 3), seen=[("s", 3)])
    first.done(first.oldest(1), refused=[(measurements(1)[0], "unknown")])
    first.close()
    again = Spool(tmp_path, most=MOST)
    assert (again.waiting, again.set_aside, again.seen("s"), again.seen("t")) == (2, 1, 3, None)
    assert again.oldest(9).measurements == measurements(2, 3)
    again.close()


def test_what_was_refused_is_listed_tried_again_or_discarded(spool: Spool) -> None:
    spool.add([*measurements(1, 2), *measurements(3, sensor="t")])
    everything = spool.oldest(9)
    spool.done(everything, refused=[(each, "unknown") for each in everything.measurements])
    assert spool.aside() == [Aside("s", 2, 1, 2, "unknown"), Aside("t", 1, 3, 3, "unknown")]
    assert spool.discard("t") == 1
    assert spool.retry() == 2
    assert (spool.waiting, spool.set_aside, spool.aside()) == (2, 0, [])


def test_what_is_known_never_moves_backwards(spool: Spool) -> None:
    spool.add([], seen=[("s", 5)])
    spool.add([], seen=[("s", 4)])
    assert spool.seen("s") == 5


def test_a_full_spool_says_so(tmp_path: Path) -> None:
    small = Spool(tmp_path, most=2)
    before = small.is_full
    small.add(measurements(1, 2))
    assert (before, small.is_full) == (False, True)
    small.close()


@pytest.mark.usefixtures("spool")
def test_two_gateways_cannot_share_one(tmp_path: Path, spool: Spool) -> None:
    spool.add(measurements(1))
    with pytest.raises(Unavailable, match="another gateway"):
        Spool(tmp_path, most=MOST)


def test_what_add_returned_for_survives_kill_9(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", _ADDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(200):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    said = [int(line) for line in process.stdout.read().split()]
    process.wait()
    process.stdout.close()
    spool = Spool(tmp_path, most=MOST)
    kept = [m.time for m in spool.oldest(MOST).measurements]
    spool.close()
    assert kept == list(range(len(kept)))
    assert len(kept) >= (said[-1] + 1 if said else 200)
