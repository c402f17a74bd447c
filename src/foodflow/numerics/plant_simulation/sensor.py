"""One sensor of the simulated plant, hour by hour."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from foodflow.numerics.plant_simulation.equipment import NOT_SCHEDULED, SensorPlan

MICROSECONDS: Final = 1_000_000
HOUR: Final = 3600
DAY: Final = 24 * HOUR

GAP: Final = "gap"
STUCK: Final = "stuck"
EXCURSION: Final = "excursion"


@dataclass(frozen=True, slots=True)
class Episode:
    """Something unusual from `begin` to `end` (seconds since the plant's start)."""

    kind: str
    begin: float
    end: float
    size: float


@dataclass(slots=True)
class SensorProcess:
    """A sensor that follows its line's state with lag, remembers its noise, drifts, and fails at times.

    In a gap there are no samples; stuck, it repeats its last value.
    """

    plan: SensorPlan
    rng: np.random.Generator
    level: float = field(init=False)
    noise: float = 0
    last: float = field(init=False)
    episode: Episode = Episode("", 0, 0, 0)

    def __post_init__(self) -> None:
        """Begin at the level of a closed plant."""
        self.level = self.last = getattr(self.plan.levels, NOT_SCHEDULED)

    def hour(self, begin: int, states: Sequence[tuple[int, str]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sample the hour from `begin`, a second since the plant's start.

        `states` are the line's (second, state), the first of them at or before `begin`. Returns the seconds of the
        samples and their values, both of shape (n,).
        """
        seconds = np.arange(begin, begin + HOUR, self.plan.period, dtype=np.float64)
        self._meet_episode(begin)
        values = self._followed(self._targets(seconds, states))
        values += self.plan.drift * (seconds / DAY % self.plan.recalibrated)
        values = np.maximum(values, self.plan.floor)
        return self._failed(seconds, np.round(values, self.plan.decimals))

    def _targets(self, seconds: NDArray[np.float64], states: Sequence[tuple[int, str]]) -> NDArray[np.float64]:
        places = np.searchsorted([second for second, _ in states], seconds, side="right") - 1
        levels = np.array([getattr(self.plan.levels, state) for _, state in states], dtype=np.float64)
        targets: NDArray[np.float64] = levels[places]
        if self.episode.kind == EXCURSION:
            targets[self._within(seconds)] += self.episode.size
        return targets

    def _followed(self, targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Follow the targets with first-order lag, and add noise of first order (AR(1))."""
        pull = 1 - float(np.exp(-self.plan.period / self.plan.lag))
        memory, level, noise = self.plan.memory, self.level, self.noise
        scale = self.plan.noise * (1 - memory**2) ** 0.5
        shocks = self.rng.normal(0, scale, len(targets))
        values = []
        for target, shock in zip(targets.tolist(), shocks.tolist(), strict=True):
            level += pull * (target - level)
            noise = memory * noise + shock
            values.append(level + noise)
        self.level, self.noise = level, noise
        return np.array(values, dtype=np.float64)

    def _meet_episode(self, begin: int) -> None:
        """Let an episode begin in this hour, unless one is still going on."""
        chance, size, kind = self.rng.random(), self.rng.uniform(0.5, 1), self.rng.choice((GAP, STUCK))
        first, length = self.rng.uniform(0, HOUR), self.rng.uniform(10 * 60, 60 * 60)
        if self.episode.end > begin or chance >= self.plan.excursions + self.plan.faults:
            return
        is_excursion = chance < self.plan.excursions
        self.episode = Episode(
            EXCURSION if is_excursion else str(kind), begin + first, begin + first + length, size * self.plan.excursion
        )

    def _within(self, seconds: NDArray[np.float64]) -> NDArray[np.bool_]:
        return (seconds >= self.episode.begin) & (seconds < self.episode.end)

    def _failed(
        self, seconds: NDArray[np.float64], values: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        failed = self._within(seconds)
        if self.episode.kind == STUCK and failed.any():
            first = int(np.argmax(failed))
            values[failed] = values[first - 1] if first else self.last
        self.last = float(values[-1])
        if self.episode.kind == GAP:
            return seconds[~failed], values[~failed]
        return seconds, values
