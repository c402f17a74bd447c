"""The simulated plant played through the deeds of a real one."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.numerics.plant_simulation.equipment import LINES, ROUND_THE_CLOCK
from foodflow.numerics.plant_simulation.plant import Plant
from foodflow.plant.queries import batches as batch_queries
from foodflow.plant.queries import lines as line_queries
from foodflow.plant.rules.shared import NotSimulated
from foodflow.plant.usecases import effectiveness, lines, sensors, simulation
from foodflow.plant.usecases.simulation import Cast
from tests.plant import make
from tests.plant.make import YESTERDAY

NUMBERS = [plan.number for plan in LINES]
HOURS = 2
BEGIN = YESTERDAY.replace(hour=1, minute=0, second=0)  # no line has its weekly maintenance at night
END = BEGIN + timedelta(hours=HOURS)

_TABLES = (
    "alarm_deeds",
    "alarms",
    "alarm_floods",
    "production_counts",
    "batch_moves",
    "batch_runs",
    "production_batches",
    "downtimes",
    "line_states",
    "reading_blocks",
    "sensors",
    "production_lines",
)


@pytest.fixture
async def empty(database: Database, demo: Actor) -> AsyncIterator[None]:
    """A company without a plant."""
    yield
    async with tenant_transaction(database, demo) as session:
        for table in _TABLES:
            await session.execute(text(f"DELETE FROM {table}"))


async def begin(database: Database, demo: Actor, run: str) -> Cast:
    async with tenant_transaction(database, demo) as session:
        return await simulation.set_up(session, demo, run)


async def play(database: Database, demo: Actor, cast: Cast, plant: Plant, hours: float) -> None:
    events = plant.advance(plant.now + timedelta(hours=hours))
    async with tenant_transaction(database, demo) as session:
        await simulation.play(session, demo, cast, events)


async def all_of(session: AsyncSession, statement: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await session.execute(text(statement))]


@pytest.mark.usefixtures("empty")
async def test_a_second_run_goes_on_where_the_first_one_ended(database: Database, demo: Actor) -> None:
    first = await begin(database, demo, "first")
    assert first.since is None
    await play(database, demo, first, Plant(7, BEGIN, shifts=ROUND_THE_CLOCK), HOURS)
    second = await begin(database, demo, "second")
    assert second.lines == first.lines
    assert second.sensors == first.sensors
    assert second.since is not None
    assert END - timedelta(seconds=30) <= second.since < END
    start = simulation.starting_point(END + timedelta(hours=2), 10, second.since)
    assert start == second.since + timedelta(minutes=1)
    await play(database, demo, second, Plant(8, start, shifts=ROUND_THE_CLOCK), 1)
    async with tenant_transaction(database, demo) as session:
        found = await line_queries.lines_numbered(session, demo, NUMBERS)
        assert all(line.plant_name == "Simulated plant" for line in found.values())
        batches = await all_of(
            session, "SELECT line_id, actual_start_time, actual_end_time FROM production_batches ORDER BY 1, 2"
        )
    for one, next_one in pairwise(batches):
        assert one[0] != next_one[0] or str(one[2]) <= str(next_one[1])


@pytest.mark.usefixtures("empty")
async def test_a_batch_that_a_run_left_ends_with_the_run_and_not_when_the_next_one_begins(
    database: Database, demo: Actor
) -> None:
    cast = await begin(database, demo, "first")
    await play(database, demo, cast, Plant(7, BEGIN, shifts=ROUND_THE_CLOCK), HOURS)
    left = dict(cast.batches)
    assert left
    await begin(database, demo, "second")
    async with tenant_transaction(database, demo) as session:
        for id in left.values():
            batch = await batch_queries.batch(session, demo, id)
            assert batch.status == "completed"
            assert batch.actual_end_time is not None
            assert END - timedelta(minutes=2) <= batch.actual_end_time <= END


@pytest.mark.usefixtures("empty")
async def test_the_plant_s_quantities_are_the_sums_of_its_counts_and_its_oee_is_believable(
    database: Database, demo: Actor
) -> None:
    cast = await begin(database, demo, "first")
    await play(database, demo, cast, Plant(7, BEGIN, shifts=ROUND_THE_CLOCK), HOURS)
    async with tenant_transaction(database, demo) as session:
        wrong = await all_of(
            session,
            "SELECT b.batch_number FROM production_batches AS b JOIN production_counts AS c ON c.batch_id = b.id"
            " GROUP BY b.id HAVING sum(c.good) <> b.good_quantity OR sum(c.scrap) <> b.scrap_quantity",
        )
        assert wrong == []
        for id in cast.lines.values():
            measured = await effectiveness.effectiveness(session, demo, id, start=BEGIN, end=END)
            assert measured.ratios.oee is not None
            assert 0 < measured.ratios.oee < 1
            assert measured.elements.unrecorded == 0
        [(readings, outside)] = await all_of(
            session,
            "SELECT sum(count), sum(length(replace(encode(breaches, 'hex'), '00', '')) / 2) FROM reading_blocks",
        )
    assert isinstance(readings, int)
    assert isinstance(outside, int)
    assert readings > 3000 * HOURS
    assert 0 < outside < readings / 10


@pytest.mark.usefixtures("empty")
async def test_a_real_line_or_sensor_of_the_same_name_is_left_alone(database: Database, demo: Actor) -> None:
    async with tenant_transaction(database, demo) as session:
        real = await lines.find_or_create(session, demo, NUMBERS[1])
    with pytest.raises(NotSimulated, match=NUMBERS[1]):
        await begin(database, demo, "first")
    async with tenant_transaction(database, demo) as session:
        await lines.delete_line(session, demo, real.id)
        own = await lines.find_or_create(session, demo, make.name("OWN"))
        code = LINES[0].sensors[0].code
        fields = {"line_id": own.id, "sensor_code": code, "name": code, "sensor_type": "t", "unit_of_measure": "1"}
        await sensors.create_sensor(session, demo, fields | {"location": "", "position": ""})
    with pytest.raises(NotSimulated, match=code):
        await begin(database, demo, "first")
    async with tenant_transaction(database, demo) as session:
        assert await line_queries.lines_numbered(session, demo, NUMBERS) == {}
