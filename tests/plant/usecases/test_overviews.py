"""Long spans of fast sensors are drawn from roll-ups, as whole as from readings."""

from datetime import timedelta

import numpy as np
import pytest

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.numerics.epoch import from_micros, to_micros
from foodflow.numerics.rollup import DAY, HOUR, MINUTE
from foodflow.plant import jobs
from foodflow.plant.queries.sensors import sensor as sensor_or_refusal
from foodflow.plant.usecases import board, overviews
from foodflow.plant.usecases.selection import Choice
from tests.plant.usecases.test_rollups import make_sensor, recomputed, same, store

NOW = to_micros(clock.now()) // 1_000_000 * 1_000_000


@pytest.mark.parametrize(("days", "width"), [(5, MINUTE), (40, HOUR)])
async def test_an_overview_is_what_all_readings_make(
    database: Database, demo: Actor, monkeypatch: pytest.MonkeyPatch, days: int, width: int
) -> None:
    monkeypatch.setattr(overviews, "MANY", 1000)
    fast, few, new = [await make_sensor(database, demo, max_value=90) for _ in range(3)]
    times = NOW - np.arange(5000, dtype=np.int64)[::-1] * (days * DAY // 5000 // 1_000_000) * 1_000_000
    await store(database, demo, fast, times.tolist(), (np.arange(5000) % 97).astype(float).tolist())
    await store(database, demo, few, times[:500].tolist(), [1.0] * 500)
    await jobs.roll_up(database, demo)
    late = int(times[100]) + 1
    await store(database, demo, fast, [late], [777.0])
    await store(database, demo, new, times.tolist(), [1.0] * 5000)
    start, end = from_micros(int(times[0])), from_micros(int(times[-1]))
    async with tenant_transaction(database, demo) as session:
        windows = [(sensor.key, start, end) for sensor in (fast, few, new)]
        found = await overviews.overviews_of(session, windows)
        assert await overviews.overviews_of(session, [(fast.key, end - timedelta(days=1), end)]) == {}
    assert found.keys() == {fast.key}
    overview = found[fast.key]
    assert overview.width == width
    same(overview.rollups, await recomputed(database, demo, fast, int(times[0]) // HOUR * HOUR, NOW + HOUR, width))
    assert overview.rollups.highest.max() == 777.0
    async with tenant_transaction(database, demo) as session:
        line = (await sensor_or_refusal(session, demo, fast.id)).line_id
        card = await board.line_card(session, demo, Choice(span=None), line)
    trace = card.sensors[0].trace
    assert trace is not None
    assert (trace.readings, trace.cut, trace.highest) == (5001, False, (late, 777.0))
    assert (trace.start, trace.end) == (start, end)
