"""Series with anomalies whose place is known, made from seeds: those the detectors were tuned on, and others."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

TUNING_SEEDS: Final = range(40)
HELD_OUT_SEEDS: Final = range(1000, 1040)

_SECOND: Final = 1_000_000
_START: Final = 1_700_000_000 * _SECOND
LONGEST: Final = 400
_DAY: Final = 86_400

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Series:
    """`times` (n,) in microseconds, `values` (n,), and windows as (first row, last row) around each anomaly's onset."""

    kind: str
    anomalies: tuple[str, ...]
    times: NDArray[np.int64]
    values: Numbers
    windows: list[tuple[int, int]]


def autoregressive(rng: np.random.Generator, count: int, correlation: float) -> Numbers:
    """A first-order autoregression of deviation 1."""
    shocks = rng.normal(0, (1 - correlation**2) ** 0.5, count)
    values, value = [], float(rng.normal())
    for shock in shocks.tolist():
        value = correlation * value + shock
        values.append(value)
    return np.array(values)


def _white(rng: np.random.Generator, seconds: Numbers) -> Numbers:
    return rng.normal(0, 1, len(seconds))


def _correlated(rng: np.random.Generator, seconds: Numbers) -> Numbers:
    return autoregressive(rng, len(seconds), float(rng.choice([0.5, 0.9, 0.97])))


def _daily(rng: np.random.Generator, seconds: Numbers) -> Numbers:
    size = rng.uniform(2, 6)
    return size * np.sin(2 * np.pi * seconds / _DAY + rng.uniform(0, 6)) + autoregressive(rng, len(seconds), 0.7)


def _shifts(rng: np.random.Generator, seconds: Numbers) -> Numbers:
    hour, day = seconds / 3600 % 24, seconds // _DAY % 7
    works = (hour >= 5) & (hour < rng.integers(14, 22)) & (day < 5)  # noqa: PLR2004 - working days
    return rng.uniform(4, 10) * works + autoregressive(rng, len(seconds), 0.5)


def _cycles(rng: np.random.Generator, seconds: Numbers) -> Numbers:
    length = int(rng.integers(15, 60))
    on = (np.arange(len(seconds)) // length) % 2
    return rng.uniform(5, 10) * on + rng.normal(0, 1, len(seconds))


def _quantised(rng: np.random.Generator, seconds: Numbers) -> Numbers:
    return np.round(autoregressive(rng, len(seconds), 0.9) * 2) / 2


def _heavy(rng: np.random.Generator, seconds: Numbers) -> Numbers:
    return rng.standard_t(4, len(seconds))


KINDS: Final[dict[str, tuple[Callable[[np.random.Generator, Numbers], Numbers], float]]] = {
    "white": (_white, 1),
    "correlated": (_correlated, 10),
    "daily": (_daily, 300),
    "daily hourly": (_daily, 3600),
    "shifts": (_shifts, 900),
    "cycles": (_cycles, 5),
    "quantised": (_quantised, 60),
    "heavy": (_heavy, 30),
}


def _level(rng: np.random.Generator, values: Numbers, spread: float, place: int) -> None:
    values[place : place + int(rng.integers(150, 400))] += rng.choice([-1, 1]) * rng.uniform(3, 6) * spread


def _spike(rng: np.random.Generator, values: Numbers, spread: float, place: int) -> None:
    values[place : place + 2] += rng.choice([-1, 1]) * rng.uniform(6, 12) * spread


def _drift(rng: np.random.Generator, values: Numbers, spread: float, place: int) -> None:
    length = int(rng.integers(150, 400))
    values[place : place + length] += np.linspace(0, rng.choice([-1, 1]) * rng.uniform(4, 8) * spread, length)


def _burst(rng: np.random.Generator, values: Numbers, spread: float, place: int) -> None:
    length = int(rng.integers(80, 200))
    values[place : place + length] += rng.normal(0, rng.uniform(3, 5) * spread, length)


def _frozen(rng: np.random.Generator, values: Numbers, _spread: float, place: int) -> None:
    values[place : place + int(rng.integers(150, 300))] = values[place]


def _faded(rng: np.random.Generator, values: Numbers, _spread: float, place: int) -> None:
    """A cycle or season that stays away: the value falls to the lowest usual one."""
    length = int(rng.integers(200, 400))
    low = np.quantile(values, 0.1)
    values[place : place + length] = low + (values[place : place + length] - low) * rng.uniform(0, 0.2)


ANOMALIES: Final[dict[str, Callable[[np.random.Generator, Numbers, float, int], None]]] = {
    "level": _level,
    "spike": _spike,
    "drift": _drift,
    "burst": _burst,
    "frozen": _frozen,
    "faded": _faded,
}


def series(seed: int) -> Iterator[Series]:
    """One series of each kind, with two or three anomalies after the first fifth; windows as the benchmark has them."""
    for number, (kind, (make, period)) in enumerate(KINDS.items()):
        rng = np.random.default_rng((seed, number))
        count = int(rng.integers(4000, 8000))
        seconds = np.arange(count, dtype=np.float64) * period
        values = make(rng, seconds)
        spread = float(np.std(values[1:] - values[:-1]) / 2**0.5 + np.std(values)) / 2
        amount = int(rng.integers(2, 4))
        names = rng.choice(list(ANOMALIES), amount)
        width = count // 10 // amount
        room = (count - count // 5) // amount
        windows = []
        for turn, name in enumerate(names):
            place = int(count // 5 + turn * room + rng.integers(width, room - LONGEST))
            ANOMALIES[name](rng, values, spread, place)
            windows.append((place - width // 2, place + width // 2))
        times = _START + (seconds * _SECOND).astype(np.int64)
        yield Series(kind, tuple(names.tolist()), times, values * 3 + 50, windows)
