"""Lines, sensors, products and shifts of the simulated plant."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

RUNNING: Final = "running"
IDLE: Final = "idle"
CHANGEOVER: Final = "changeover"
DOWNTIME: Final = "downtime"
MAINTENANCE: Final = "maintenance"
NOT_SCHEDULED: Final = "not_scheduled"


@dataclass(frozen=True, slots=True)
class Levels:
    """What a sensor tends to show in each state of its line."""

    running: float
    idle: float
    changeover: float
    downtime: float
    maintenance: float
    not_scheduled: float


def _levels(running: float, *, standing: float, off: float, cleaning: float | None = None) -> Levels:
    """Levels of equipment that stands ready between runs, is off at night, and may be cleaned in changeovers."""
    between = standing if cleaning is None else cleaning
    return Levels(running, standing, between, standing, off, off)


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorPlan:
    """A sensor: what it is to the plant, and how it behaves.

    `unit` is a UCUM code; `period` is in seconds and divides an hour. The value follows the level of the line's
    state with the time constant `lag` (seconds), plus noise of standard deviation `noise` that keeps the share
    `memory` of itself from sample to sample. `drift` is units a day, back to 0 every `recalibrated` days;
    `excursions` and `faults` are how many an hour; an excursion raises the level by up to `excursion`.
    """

    code: str
    name: str
    kind: str
    unit: str
    period: int
    levels: Levels
    low: float | None = None
    high: float | None = None
    lag: float = 30
    noise: float
    memory: float = 0.8
    decimals: int = 2
    floor: float = float("-inf")
    drift: float = 0
    recalibrated: int = 21
    excursions: float = 0
    excursion: float = 0
    faults: float = 0


@dataclass(frozen=True, slots=True)
class Product:
    """What a line makes."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlan:
    """A line: its ideal rate in items per minute, what it makes, and how often it stops (mean seconds of running)."""

    number: str
    name: str
    location: str
    ideal_rate: int
    products: tuple[Product, ...]
    sensors: tuple[SensorPlan, ...]
    seconds_between_failures: float
    seconds_between_waits: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shifts:
    """Weekly hours of the plant in its own time zone: from `opens` to `closes` o'clock on `weekdays` (Monday is 0)."""

    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    opens: int = 6
    closes: int = 22

    def are_on(self, local: datetime) -> bool:
        """Whether the plant works at a local time."""
        return local.weekday() in self.weekdays and self.opens <= local.hour < self.closes


TWO_SHIFTS: Final = Shifts()
ROUND_THE_CLOCK: Final = Shifts(weekdays=(0, 1, 2, 3, 4, 5, 6), opens=0, closes=24)


def shift_name(local: datetime) -> str:
    """Name of the eight-hour shift of a local time."""
    return ("night", "early", "late")[(local.hour + 2) // 8 % 3]


COOKING: Final = LinePlan(
    number="COOK-1",
    name="Soup and sauce cooking",
    location="Kitchen",
    ideal_rate=80,
    products=(
        Product("TOM-SOUP-500", "Tomato soup 500 g"),
        Product("LEN-STEW-400", "Lentil stew 400 g"),
        Product("BOL-SAUCE-350", "Bolognese sauce 350 g"),
    ),
    seconds_between_failures=75 * 60,
    seconds_between_waits=150 * 60,
    sensors=(
        SensorPlan(
            code="COOK-1-TT1",
            name="Kettle temperature",
            kind="temperature",
            unit="Cel",
            period=10,
            levels=_levels(92, standing=86, cleaning=62, off=24),
            high=98,
            lag=600,
            noise=0.4,
            memory=0.9,
            decimals=1,
        ),
        SensorPlan(
            code="COOK-1-PT1",
            name="Steam pressure",
            kind="pressure",
            unit="bar",
            period=10,
            levels=_levels(3.2, standing=2.7, cleaning=2.1, off=0.1),
            low=0,
            high=4.5,
            lag=120,
            noise=0.06,
            floor=0,
        ),
        SensorPlan(
            code="COOK-1-FT1",
            name="Product flow",
            kind="flow",
            unit="L/min",
            period=5,
            levels=_levels(42, standing=0, cleaning=15, off=0),
            low=0,
            high=60,
            lag=8,
            noise=0.7,
            decimals=1,
            floor=0,
        ),
        SensorPlan(
            code="COOK-1-VT1",
            name="Agitator vibration",
            kind="vibration",
            unit="mm/s",
            period=5,
            levels=_levels(2.4, standing=0.9, off=0.05),
            high=7.1,
            lag=6,
            noise=0.2,
            memory=0.6,
            floor=0,
            excursions=0.02,
            excursion=5.5,
        ),
    ),
)

FILLING: Final = LinePlan(
    number="FILL-1",
    name="Jar filling",
    location="Filling hall",
    ideal_rate=100,
    products=(
        Product("TOM-SOUP-500", "Tomato soup 500 g, jar"),
        Product("PESTO-190", "Basil pesto 190 g, jar"),
        Product("JAM-STRAW-340", "Strawberry jam 340 g, jar"),
    ),
    seconds_between_failures=60 * 60,
    seconds_between_waits=120 * 60,
    sensors=(
        SensorPlan(
            code="FILL-1-TT1",
            name="Filling temperature",
            kind="temperature",
            unit="Cel",
            period=10,
            levels=_levels(82, standing=76, cleaning=70, off=22),
            high=90,
            lag=300,
            noise=0.5,
            memory=0.9,
            decimals=1,
        ),
        SensorPlan(
            code="FILL-1-PT1",
            name="Filler bowl pressure",
            kind="pressure",
            unit="bar",
            period=10,
            levels=_levels(1.8, standing=1.5, cleaning=1.2, off=0.05),
            low=0,
            high=2.4,
            lag=40,
            noise=0.03,
            floor=0,
            drift=0.03,
        ),
        SensorPlan(
            code="FILL-1-FT1",
            name="Fill flow",
            kind="flow",
            unit="L/min",
            period=5,
            levels=_levels(48, standing=0, cleaning=20, off=0),
            low=0,
            high=70,
            lag=6,
            noise=0.9,
            decimals=1,
            floor=0,
        ),
        SensorPlan(
            code="FILL-1-VT1",
            name="Capper vibration",
            kind="vibration",
            unit="mm/s",
            period=5,
            levels=_levels(3.1, standing=0.5, off=0.05),
            high=7.1,
            lag=5,
            noise=0.3,
            memory=0.6,
            floor=0,
        ),
    ),
)

PACKING: Final = LinePlan(
    number="PACK-1",
    name="Chilled meal packing",
    location="Packing hall",
    ideal_rate=120,
    products=(
        Product("LASAGNE-400", "Lasagne 400 g, tray"),
        Product("CURRY-RICE-450", "Chicken curry with rice 450 g, tray"),
        Product("SALAD-CAES-250", "Caesar salad 250 g, bowl"),
    ),
    seconds_between_failures=50 * 60,
    seconds_between_waits=100 * 60,
    sensors=(
        SensorPlan(
            code="PACK-1-TT1",
            name="Cold store temperature",
            kind="temperature",
            unit="Cel",
            period=30,
            levels=_levels(2.9, standing=2.7, off=2.2),
            low=0,
            high=5,
            lag=400,
            noise=0.25,
            memory=0.95,
            excursions=0.05,
            excursion=5,
        ),
        SensorPlan(
            code="PACK-1-TT2",
            name="Sealing bar temperature",
            kind="temperature",
            unit="Cel",
            period=10,
            levels=_levels(165, standing=150, off=24),
            high=180,
            lag=240,
            noise=1.2,
            decimals=1,
        ),
        SensorPlan(
            code="PACK-1-PT1",
            name="Compressed air pressure",
            kind="pressure",
            unit="bar",
            period=10,
            levels=_levels(6.3, standing=6.6, off=6.8),
            low=5.5,
            high=7.5,
            lag=60,
            noise=0.08,
            memory=0.7,
            faults=0.04,
        ),
        SensorPlan(
            code="PACK-1-VT1",
            name="Conveyor vibration",
            kind="vibration",
            unit="mm/s",
            period=5,
            levels=_levels(1.9, standing=0.3, off=0.05),
            high=4.5,
            lag=5,
            noise=0.18,
            memory=0.6,
            floor=0,
        ),
    ),
)

LINES: Final = (COOKING, FILLING, PACKING)
