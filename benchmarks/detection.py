"""How fast detection is and how good: on Numenta's two files, on the water rig, on series made from seeds."""

import csv
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import made_series
from benchmarks.measuring import Figure
from benchmarks.nab_scoring import PROFILES, Outcome, Scored, best, score_at
from foodflow.kernel.clock import now
from foodflow.numerics.detection.scoring import RAISED, scores
from foodflow.numerics.detection.watching import USUAL_RULES, Finding, Rule, Run, Settings, watch
from foodflow.numerics.epoch import to_micros

DATA: Final = Path(__file__).parents[2] / "shared" / "data" / "plant"
NORMAL_ROWS: Final = 400
READINGS: Final = 50_000
_SECOND: Final = 1_000_000
_SHAPES: Final = ((50, 1000), (1000, 50), (1000, 1), (1, READINGS))

Numbers = NDArray[np.float64]
Times = NDArray[np.int64]


async def run() -> list[Figure]:
    """Print the scores, which are held against no limit, and give the figures of speed."""
    _numenta()
    _water_rig()
    _made()
    _false_alarms()
    return [_speed(sensors, steps) for sensors, steps in _SHAPES]


# --- Numenta ---------------------------------------------------------------------------------------------------------


def _numenta() -> None:
    path = DATA / "anomaly_windows.json"
    if not path.exists():
        print(f"  no score by Numenta's rule: {path} is absent")
        return
    windows = json.loads(path.read_text(encoding="utf-8"))
    learned, usual = list[Scored](), list[Scored]()
    for name, spans in windows.items():
        times, values = _series(DATA / name)
        places = [
            (int(np.searchsorted(times, _moment(begin))), int(np.searchsorted(times, _moment(end), "right")) - 1)
            for begin, end in spans
        ]
        learned.append(Scored(scores(times, values), places))
        usual.append(Scored(_raised(times, watched(times, values, Settings())), places))
        _print_outcome(f"{name}, learned detector, standard", learned[-1:])
    for profile in PROFILES:
        _print_outcome(f"both files, learned detector, {profile}", learned, profile)
    _print_outcome("both files, all usual rules as alarms, standard", usual)


def _print_outcome(what: str, files: Sequence[Scored], profile: str = "standard") -> None:
    fixed, chosen = score_at(files, PROFILES[profile], RAISED), best(files, PROFILES[profile])
    print(f"  {what}: {_outcome(fixed)} at the product's threshold; {_outcome(chosen)} at the one that suits best")


def _outcome(outcome: Outcome) -> str:
    found = f"{outcome.found} of {outcome.windows} windows, {outcome.false_alarms} false alarms"
    return f"{outcome.score:.1f} ({found})"


def _series(path: Path) -> tuple[Times, Numbers]:
    """Times (microseconds) and values of a file; a row with the time of the one before comes a microsecond later."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    times = np.array([_moment(row["timestamp"]) for row in rows])
    order = np.arange(len(times))
    return np.maximum.accumulate(times - order) + order, np.array([float(row["value"]) for row in rows])


def _moment(text: str) -> int:
    return to_micros(datetime.fromisoformat(text).replace(tzinfo=UTC))


def watched(times: Times, values: Numbers, settings: Settings) -> Sequence[Finding]:
    """What is found in one series."""
    [told] = watch([Run(settings, None, times, values, np.zeros(len(times), np.bool_))])
    return told.findings


def _raised(times: Times, findings: Sequence[Finding]) -> Numbers:
    """1 at the readings at which an alarm is raised, else 0."""
    raised = np.zeros(len(times))
    raised[np.searchsorted(times, [finding.at for finding in findings if finding.kind == "raised"])] = 1
    return raised


# --- the water rig ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Counts:
    hits: int = 0
    false: int = 0
    missed: int = 0
    right: int = 0

    def add(self, said: NDArray[np.bool_], true: NDArray[np.bool_]) -> None:
        """Count rows by what was said of them and what is true."""
        self.hits += int((said & true).sum())
        self.false += int((said & ~true).sum())
        self.missed += int((~said & true).sum())
        self.right += int((~said & ~true).sum())

    def __str__(self) -> str:
        f1 = 2 * self.hits / max(2 * self.hits + self.false + self.missed, 1)
        false_rate, missed_rate = self.false / (self.false + self.right), self.missed / (self.missed + self.hits)
        return f"F1 {f1:.2f}, false alarms {false_rate:.1%}, missed {missed_rate:.1%}"


def _water_rig() -> None:
    files = sorted(DATA.glob("water_rig_*.csv"))
    if not files:
        print(f"  no score on the water rig: there is none in {DATA}")
        return
    rigs = [_rig(path) for path in files]
    votes: dict[str, tuple[frozenset[Rule], int]] = {
        "learned detector at any of 8 sensors": (frozenset({Rule.LEARNED}), 1),
        "EWMA at any": (frozenset({Rule.DRIFT_EWMA}), 1),
        "EWMA at two": (frozenset({Rule.DRIFT_EWMA}), 2),
        "CUSUM at two": (frozenset({Rule.DRIFT_CUSUM}), 2),
        "all usual rules at any": (USUAL_RULES, 1),
        "all usual rules at two": (USUAL_RULES, 2),
        "always an alarm, for comparison": (frozenset(), 0),
    }
    for what, (rules, enough) in votes.items():
        counts = _Counts()
        for times, values, truth in rigs:
            going_on = np.array([_active(times, column, Settings(rules=rules)) for column in values.T]).sum(axis=0)
            counts.add((going_on >= enough)[NORMAL_ROWS:], truth[NORMAL_ROWS:])
        print(f"  water rig, rows after {NORMAL_ROWS}, {what}: {counts}")


def _rig(path: Path) -> tuple[Times, Numbers, NDArray[np.bool_]]:
    """Times, values of the eight sensors (rows, 8), and which rows are labelled anomalous."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))[1:]
    numbers = np.array([[float(cell) for cell in row[1:]] for row in rows])
    return np.array([_moment(row[0]) for row in rows]), numbers[:, :8], numbers[:, 8] > 0


def _active(times: Times, values: Numbers, settings: Settings) -> NDArray[np.bool_]:
    """At which readings any rule is active."""
    active, since = np.zeros(len(times), np.bool_), dict[Rule, int]()
    for finding in watched(times, values, settings):
        if finding.kind == "raised":
            since[finding.rule] = finding.at
        elif finding.rule in since:
            active |= (times >= since.pop(finding.rule)) & (times < finding.at)
    for begun in since.values():
        active |= times >= begun
    return active


# --- made series -----------------------------------------------------------------------------------------------------


def _made() -> None:
    for what, seeds in (("tuned on", made_series.TUNING_SEEDS), ("held out", made_series.HELD_OUT_SEEDS)):
        files, found, there = list[Scored](), Counter[str](), Counter[str]()
        for series in (one for seed in seeds for one in made_series.series(seed)):
            files.append(Scored(scores(series.times, series.values), series.windows))
            for name, (first, last) in zip(series.anomalies, series.windows, strict=True):
                there[name] += 1
                found[name] += bool((files[-1].scores[first : last + 1] >= RAISED).any())
        _print_outcome(f"made series ({what}), standard", files)
        print("    found:", ", ".join(f"{name} {found[name]} of {there[name]}" for name in sorted(there)))


def _false_alarms() -> None:
    """Alarms in series in which nothing is wrong."""
    for name, make in _normal().items():
        counts = Counter[str]()
        for seed in range(10):
            rng = np.random.default_rng((7, seed))
            values, period = make(rng)
            times = (1_700_000_000 + np.arange(len(values)) * period) * _SECOND
            counts.update(
                finding.rule.value
                for finding in watched(times, values, Settings(rules=frozenset(Rule)))
                if finding.kind == "raised"
            )
        usual = {rule.value: counts[rule.value] / 10 for rule in Rule if rule in USUAL_RULES and counts[rule.value]}
        charts = sum(counts.values()) / 10 - sum(usual.values())
        told = ", ".join(f"{rule} {number:.1f}" for rule, number in usual.items()) or "none"
        print(f"  alarms in 10,000 readings of {name}: {told}; run rules, where switched on: {charts:.0f}")


def _normal() -> dict[str, Callable[[np.random.Generator], tuple[Numbers, int]]]:
    count = 10_000
    day = 2 * np.pi * np.arange(count) / 288
    return {
        "white noise": lambda rng: (rng.normal(4, 0.5, count), 1),
        "an autoregression of 0.9": lambda rng: (made_series.autoregressive(rng, count, 0.9), 1),
        "a random walk": lambda rng: (np.cumsum(rng.normal(0, 1, count)), 1),
        "a daily season": lambda rng: (10 * np.sin(day) + rng.normal(0, 1, count), 300),
        "a quantised signal": lambda rng: (np.round(rng.normal(0, 0.4, count)), 1),
        "heavy tails (Student, 3)": lambda rng: (rng.standard_t(3, count), 1),
    }


# --- speed -----------------------------------------------------------------------------------------------------------


def _speed(sensors: int, steps: int) -> Figure:
    """Readings a second of `watch`, in time of the processor, against one comparison of each reading in Python."""
    settings = Settings(low=-10, high=10, max_rate=1000.0, stuck_seconds=60.0, gap_seconds=60.0)
    rng = np.random.default_rng(1)
    states: list[bytes | None] = [None] * sensors
    ours, limits = list[float](), list[float]()
    for runs in _calls(sensors, steps, rng):
        began = time.process_time()
        told = watch([Run(settings, state, *columns) for state, columns in zip(states, runs, strict=True)])
        ours.append(time.process_time() - began)
        states = [one.state for one in told]
        values = np.concatenate([columns[1] for columns in runs]).tolist()
        began = time.process_time()
        assert not [value for value in values if value > 10]  # noqa: PLR2004 - the limit
        limits.append(time.process_time() - began)
    amount = sensors * steps
    what = f"watching {sensors:,} sensors × {steps:,} readings ({min(ours[2:]) * 1000:.1f} ms)"
    return Figure(what, amount / min(ours[2:]), amount / min(limits[2:]), "readings/s")


def _calls(
    sensors: int, steps: int, rng: np.random.Generator
) -> Iterator[list[tuple[Times, Numbers, NDArray[np.bool_]]]]:
    start = to_micros(now())
    for number in range(10):
        times = start + (np.arange(steps) + number * steps) * _SECOND
        yield [(times, rng.normal(0, 1, steps), np.zeros(steps, np.bool_)) for _ in range(sensors)]
