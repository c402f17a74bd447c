"""One line of the simulated plant, minute by minute."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from foodflow.numerics.plant_simulation.equipment import (
    CHANGEOVER,
    DOWNTIME,
    IDLE,
    MAINTENANCE,
    NOT_SCHEDULED,
    RUNNING,
    LinePlan,
    shift_name,
)
from foodflow.numerics.plant_simulation.events import BatchCompleted, BatchStarted, Counted, Event, StateChanged

MINUTE: Final = 60

REPAIRS: Final = {
    "mechanical": (0.35, 11 * 60, 0.9),
    "electrical": (0.15, 14 * 60, 0.8),
    "no_material": (0.2, 6 * 60, 0.6),
    "no_operator": (0.12, 4 * 60, 0.5),
    "quality_issue": (0.18, 8 * 60, 0.6),
}
"""Share of the stops, median seconds until the line runs again, and spread (sigma of the logarithm)."""

LONGEST_STOP: Final = 4 * 3600
SHORTEST_STOP: Final = 20

USUAL_SPEED: Final = 0.96
CHANCE_OF_SLOWING: Final = 1 / 40
USUAL_SCRAP: Final = 0.008
START_UP_SCRAP: Final = 0.12
START_UP: Final = 180
"""Seconds of running in which start-up scrap falls to 1/e."""

SETTLED_AFTER_STOP: Final = 240
SCRAP_BEFORE_QUALITY_STOP: Final = 0.06
NOTICED_AFTER: Final = 300


@dataclass(slots=True)
class Batch:
    """A batch on the line: `made` grows with the speed, `counted` is what was told of it."""

    number: str
    target: int
    made: float = 0
    counted: int = 0


@dataclass(slots=True)
class LineProcess:
    """A line that runs, stops, is set up and waits; its time stands still while the plant is closed.

    Stops come after an exponential time of running, repairs and setups last a log-normal time.
    """

    plan: LinePlan
    rng: np.random.Generator
    phase: str = CHANGEOVER
    left: int = 0
    after_wait: str = CHANGEOVER
    batch: Batch | None = None
    batches_today: int = 0
    today: str = ""
    stop_reason: str = ""
    to_stop: int = 0
    to_wait: int = 0
    settled: int = 0
    speed: float = 0
    slow_left: int = 0
    slow_speed: float = 1
    maintenance_due: bool = False
    told: tuple[str, str] = ("", "")
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin in the middle of a changeover, each line at another point of it."""
        self.left = int(self.rng.integers(1 * MINUTE, 15 * MINUTE))
        self._plan_stop()
        self._plan_wait()

    def minute(self, start: datetime, local: datetime, *, is_on: bool) -> None:
        """Live through the minute from `start`, which is `local` on the wall; what happens is added to `events`."""
        if (local.weekday(), local.hour, local.minute) == (self.plan.ideal_rate // 20 % 5, 13, 0):
            self.maintenance_due = True  # once a week, each line on a day of its own
        if not is_on:
            self._tell(start, NOT_SCHEDULED, "")
            return
        self._draw_speed()
        second = 0
        while second < MINUTE:
            now, wall = start + timedelta(seconds=second), local + timedelta(seconds=second)
            self._turn(now, wall)
            self._tell(now, self.phase, self._reason())
            second += self._live(MINUTE - second)
        self._count(start + timedelta(seconds=MINUTE))

    def _live(self, longest: int) -> int:
        """Let time pass until something changes; return how many seconds."""
        if self.phase != RUNNING or self.batch is None:
            lived = min(self.left, longest)
            self.left -= lived
            return lived
        rate = self.plan.ideal_rate * self.speed / MINUTE
        to_end = int(np.ceil((self.batch.target - self.batch.made) / rate))
        lived = max(1, min(longest, self.to_stop, self.to_wait, to_end))  # or one instant would have two states
        self.batch.made = min(self.batch.made + rate * lived, self.batch.target)
        self.to_stop -= lived
        self.to_wait -= lived
        self.slow_left -= lived
        self.settled += lived
        return lived

    def _turn(self, now: datetime, wall: datetime) -> None:
        """Go on to the next phase where the present one is over."""
        if self.phase == RUNNING:
            self._end_run(now)
        elif self.left == 0:
            self._end_wait(now, wall)

    def _end_run(self, now: datetime) -> None:
        if self.batch is not None and self.batch.made >= self.batch.target:
            self._count(now)
            self.events.append(BatchCompleted(now, self.plan.number, self.batch.number))
            self.batch = None
            self._wait(then=CHANGEOVER)
        elif self.to_stop <= 0:
            _, median, spread = REPAIRS[self.stop_reason]
            self.phase, self.left = DOWNTIME, self._duration(median, spread)
            self.settled = min(self.settled, SETTLED_AFTER_STOP)
        elif self.maintenance_due:
            self.maintenance_due = False
            self.phase, self.left = MAINTENANCE, self._duration(45 * MINUTE, 0.3)
        elif self.to_wait <= 0:
            self._wait(then=RUNNING)
            self._plan_wait()

    def _end_wait(self, now: datetime, wall: datetime) -> None:
        following = self.after_wait if self.phase == IDLE else RUNNING
        if following == CHANGEOVER:
            self.phase, self.left = CHANGEOVER, self._duration(18 * MINUTE, 0.35)
            return
        if self.phase == CHANGEOVER:
            self._start_batch(now, wall)
        elif self.phase == DOWNTIME:
            self._plan_stop()
        self.phase = RUNNING

    def _start_batch(self, now: datetime, wall: datetime) -> None:
        day = f"{wall:%y%m%d}"
        self.batches_today = self.batches_today + 1 if day == self.today else 1
        self.today = day
        product = self.plan.products[int(self.rng.integers(len(self.plan.products)))]
        target = int(self.rng.integers(7, 20)) * 500
        self.batch = Batch(f"{self.plan.number}-{day}-{self.batches_today}", target)
        self.settled = 0
        self.events.append(
            BatchStarted(now, self.plan.number, self.batch.number, product.code, product.name, target, shift_name(wall))
        )

    def _count(self, at: datetime) -> None:
        """Tell what was made since the last count."""
        if self.batch is None or (made := int(self.batch.made) - self.batch.counted) == 0:
            return
        scrap = int(self.rng.binomial(made, self._scrap_share()))
        reason = ("start_up" if self.settled < 3 * START_UP else "quality_issue") if scrap else ""
        self.batch.counted += made
        self.events.append(Counted(at, self.plan.number, self.batch.number, made - scrap, scrap, reason))

    def _scrap_share(self) -> float:
        share = USUAL_SCRAP + START_UP_SCRAP * float(np.exp(-self.settled / START_UP))
        if self.stop_reason == "quality_issue" and self.to_stop < NOTICED_AFTER:
            share += SCRAP_BEFORE_QUALITY_STOP
        return share

    def _draw_speed(self) -> None:
        if self.slow_left <= 0 and self.rng.random() < CHANCE_OF_SLOWING:
            self.slow_left = int(self.rng.integers(2 * MINUTE, 12 * MINUTE))
            self.slow_speed = float(self.rng.uniform(0.55, 0.85))
        usual = USUAL_SPEED * (self.slow_speed if self.slow_left > 0 else 1)
        self.speed = min(1.0, usual * float(self.rng.normal(1, 0.015)))

    def _plan_stop(self) -> None:
        shares = [share for share, _, _ in REPAIRS.values()]
        self.stop_reason = list(REPAIRS)[int(self.rng.choice(len(REPAIRS), p=shares))]
        self.to_stop = SHORTEST_STOP + int(self.rng.exponential(self.plan.seconds_between_failures))

    def _plan_wait(self) -> None:
        self.to_wait = SHORTEST_STOP + int(self.rng.exponential(self.plan.seconds_between_waits))

    def _wait(self, *, then: str) -> None:
        self.phase, self.after_wait = IDLE, then
        self.left = self._duration(2.5 * MINUTE, 0.5)

    def _duration(self, median: float, spread: float) -> int:
        return int(np.clip(self.rng.lognormal(np.log(median), spread), SHORTEST_STOP, LONGEST_STOP))

    def _reason(self) -> str:
        if self.phase == DOWNTIME:
            return self.stop_reason
        return {CHANGEOVER: "changeover", MAINTENANCE: "planned_maintenance"}.get(self.phase, "")

    def _tell(self, at: datetime, state: str, reason: str) -> None:
        if (state, reason) != self.told:
            self.told = (state, reason)
            self.events.append(StateChanged(at, self.plan.number, state, reason))
