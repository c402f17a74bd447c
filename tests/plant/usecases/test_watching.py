"""Sensors are watched as their readings come in: what is wrong is an alarm, exactly when the readings are stored."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import pytest
from sqlalchemy import text

from foodflow import composition
from foodflow.kernel.actor import Actor
from foodflow.kernel.bulk import fetch
from foodflow.kernel.db import Database, platform_transaction, tenant_transaction
from foodflow.numerics.detection.watching import stacked
from foodflow.numerics.epoch import to_micros
from foodflow.numerics.status_codes import BAD, UNCERTAIN
from foodflow.plant import jobs
from foodflow.plant.queries.watching import HELD
from foodflow.plant.usecases.readings import Columns, store_readings
from tests.plant import make
from tests.plant.alarms import HOUR, ago, alarms, columns_of, deed, send, store, watch
from tests.plant.make import PLANT, Json, Witness, good

FINE, HOT, COLD = 3.0, 99.0, -1.0
BACK: dict[float, float] = {60: FINE, 61: FINE, 62: FINE, 63: FINE}


async def test_a_reading_of_99_at_a_sensor_from_0_to_5_degrees_is_an_alarm(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    await send(client, [sensor], {0: FINE, 1: HOT}, start=ago(60))
    [alarm] = await alarms(client, sensor, rule="above_limit")
    line = good(await client.get(f"{PLANT}/lines/{sensor['line_id']}"))
    assert alarm["rule"] == "above_limit"
    assert alarm["state"] == "unacknowledged"
    assert alarm["priority"] == "high"
    assert (alarm["value"], alarm["worst"], alarm["high"], alarm["unit_of_measure"]) == (HOT, HOT, 5, "Cel")
    assert alarm["raised_at"] == alarm["since"] == make.wire(ago(59))
    assert (alarm["sensor_code"], alarm["line_number"]) == (sensor["sensor_code"], line["line_number"])
    assert 0.5 < alarm["certainty"] <= 1
    assert sensor["name"] in alarm["why"]
    assert "99" in alarm["why"]


async def test_0_is_a_limit(client: httpx.AsyncClient, sensor: Json) -> None:
    await send(client, [sensor], {0: 0, 1: 0.5}, start=ago(60))
    assert await alarms(client, sensor) == []
    await send(client, [sensor], {2: COLD}, start=ago(60))
    [alarm] = await alarms(client, sensor)
    assert (alarm["rule"], alarm["value"], alarm["low"]) == ("below_limit", COLD, 0)


async def test_a_value_that_never_changes_is_stuck(client: httpx.AsyncClient) -> None:
    sensor = await make.sensor(client)
    await send(client, [sensor], {60.0 * minute: 4.2 for minute in range(180)}, start=ago(hours=3))
    [alarm] = await alarms(client, sensor, rule="stuck")
    assert alarm["value"] == 4.2
    assert alarm["since"] == make.wire(ago(hours=3))
    assert alarm["state"] == "unacknowledged"


async def test_a_temperature_that_jumps_faster_than_a_probe_could_follow_is_an_alarm(client: httpx.AsyncClient) -> None:
    celsius, fahrenheit, unknown = [await make.sensor(client, unit_of_measure=unit) for unit in ("Cel", "[degF]", "1")]
    for sensor in (celsius, fahrenheit, unknown):
        await send(client, [sensor], {0: 20, 1: 26}, start=ago(60))
    assert len(await alarms(client, celsius, rule="rate_of_change")) == 1
    assert await alarms(client, fahrenheit, rule="rate_of_change") == []  # 6 °F are less than 5 K
    assert await alarms(client, unknown, rule="rate_of_change") == []


async def test_a_temperature_that_jumps_all_the_time_is_one_alarm_that_lasts(
    client: httpx.AsyncClient, witness: Witness
) -> None:
    sensor = await make.sensor(client)
    await witness.look_away()
    jumps = {1.0 * step: 20.0 + 6 * (step % 7 == 0) for step in range(300)}
    await send(client, [sensor], jumps, start=ago(900))
    [alarm] = await alarms(client, sensor, rule="rate_of_change")
    assert (alarm["occurrences"], alarm["state"], alarm["cleared_at"]) == (1, "unacknowledged", None)
    await send(client, [sensor], {300.0 + step: 20.0 for step in range(60)}, start=ago(900))
    [alarm] = await alarms(client, sensor, rule="rate_of_change")
    assert (alarm["occurrences"], alarm["state"]) == (1, "returned")
    assert alarm["cleared_at"] == make.wire(ago(900 - 295 - 60))  # the last jump, and a minute
    told = [each.type for each in await witness.told() if each.data.get("rule") == "rate_of_change"]
    assert told == ["plant.anomaly.raised", "plant.anomaly.cleared"]


async def test_an_alarm_knows_the_batch_in_progress(client: httpx.AsyncClient, sensor: Json) -> None:
    batch = await make.batch(client, sensor["line_id"])
    good(await make.run(client, batch["id"], "start", make.wire(ago(120))))
    await send(client, [sensor], {0: HOT}, start=ago(60))
    assert (await alarms(client, sensor))[0]["batch_id"] == batch["id"]


async def test_the_worst_value_grows_with_later_calls(client: httpx.AsyncClient, sensor: Json) -> None:
    for second, value in enumerate((6, 9, 7)):
        await send(client, [sensor], {second: value}, start=ago(60))
    [alarm] = await alarms(client, sensor)
    assert (alarm["value"], alarm["worst"], alarm["occurrences"], alarm["version"]) == (6, 9, 1, 2)


async def test_an_alarm_clears_by_itself_and_waits_for_somebody_to_see_it(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    await send(client, [sensor], {0: HOT, **BACK}, start=ago(120))
    [alarm] = await alarms(client, sensor)
    assert alarm["state"] == "returned"
    assert make.wire(ago(60)) <= alarm["cleared_at"] <= make.wire(ago(57))
    assert good(await deed(client, alarm, "acknowledge"))["state"] == "closed"


async def test_an_alarm_that_was_seen_is_over_when_it_clears(client: httpx.AsyncClient, sensor: Json) -> None:
    await send(client, [sensor], {0: HOT}, start=ago(120))
    [alarm] = await alarms(client, sensor)
    assert good(await deed(client, alarm, "acknowledge"))["state"] == "acknowledged"
    await send(client, [sensor], BACK, start=ago(120))
    [alarm] = await alarms(client, sensor)
    assert (alarm["state"], alarm["closed_by"]) == ("closed", "")


async def test_what_chatters_is_one_alarm(client: httpx.AsyncClient, sensor: Json) -> None:
    values = {10.0 * second: HOT if second % 5 == 0 else FINE for second in range(20)}
    await send(client, [sensor], values, start=ago(hours=1))
    [alarm] = await alarms(client, sensor, rule="above_limit")
    assert alarm["occurrences"] == 4
    assert alarm["raised_at"] < alarm["latest_at"]


@pytest.mark.parametrize("is_seen", [True, False])
async def test_what_comes_and_goes_within_a_call_is_what_it_would_be_in_many(
    client: httpx.AsyncClient, *, is_seen: bool
) -> None:
    together, apart = [await make.sensor(client, max_value=5, min_value=0) for _ in range(2)]
    start = ago(hours=1)
    comes_and_goes = [HOT, *[FINE] * 4, 12, *[FINE] * 4, COLD, *[FINE] * 4, 700, 900, *[FINE] * 4]
    values = {10.0 + second: value for second, value in enumerate(comes_and_goes)}
    values |= {1200.0 + second: value for second, value in enumerate([20, *[FINE] * 4, 30, 40])}
    for sensor in (together, apart):
        await send(client, [sensor], {0: FINE, 1: 50}, start=start)
        if is_seen:
            good(await deed(client, (await alarms(client, sensor, rule="above_limit"))[0], "acknowledge"))
    await send(client, [together], values, start=start)
    for second, value in values.items():
        await send(client, [apart], {second: value}, start=start)
    told = [await alarms(client, sensor) for sensor in (together, apart)]
    sentences = [[each["why"].replace(each["sensor_code"], "") for each in one] for one in told]
    assert seen(told[0]) == seen(told[1])
    assert sentences[0] == sentences[1]
    above = [(each["occurrences"], each["worst"]) for each in told[0] if each["rule"] == "above_limit"]
    assert above == ([(3, 900), (2, 40)] if is_seen else [(5, 900)])


async def test_what_comes_again_long_after_it_was_over_is_another_alarm(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    await send(client, [sensor], {0: HOT, **BACK}, start=ago(hours=3))
    [first] = await alarms(client, sensor, rule="above_limit")
    good(await deed(client, first, "acknowledge"))
    await send(client, [sensor], {0: HOT}, start=ago(hours=2))
    assert [each["occurrences"] for each in await alarms(client, sensor, rule="above_limit")] == [1, 1]


async def test_while_nobody_has_seen_it_an_alarm_stays_the_same_one(client: httpx.AsyncClient, sensor: Json) -> None:
    await send(client, [sensor], {0: HOT, **BACK}, start=ago(hours=3))
    await send(client, [sensor], {0: HOT}, start=ago(hours=2))
    [alarm] = await alarms(client, sensor, rule="above_limit")
    assert (alarm["occurrences"], alarm["cleared_at"], alarm["state"]) == (2, None, "unacknowledged")


async def test_what_is_told_says_all_that_somebody_needs_to_act(
    client: httpx.AsyncClient, witness: Witness, sensor: Json
) -> None:
    await witness.look_away()
    await send(client, [sensor], {0: HOT, **BACK}, start=ago(120))
    raised, cleared = await witness.told("plant.anomaly")
    [alarm] = await alarms(client, sensor)
    about = {key: alarm[key] for key in ("sensor_id", "sensor_code", "line_id", "line_number", "rule", "priority")}
    about |= {"alarm_id": alarm["id"], "plant_name": alarm["site"]}
    wanted = {key: alarm[key] for key in ("why", "certainty", "since", "value", "expected", "low", "high", "batch_id")}
    assert raised.subject == cleared.subject == f"plant.sensor/{sensor['id']}"
    assert raised.type == "plant.anomaly.raised"
    assert raised.data.items() >= (about | wanted | {"at": alarm["raised_at"], "occurrences": 1}).items()
    assert cleared.type == "plant.anomaly.cleared"
    assert cleared.data == about | {"at": alarm["cleared_at"], "since": alarm["since"], "worst": HOT, "occurrences": 1}


async def test_what_was_over_long_ago_is_recorded_and_not_told(
    client: httpx.AsyncClient, witness: Witness, sensor: Json
) -> None:
    await witness.look_away()
    await send(client, [sensor], {0: HOT, **BACK}, start=ago(hours=100))
    assert len(await alarms(client, sensor)) == 1
    assert await witness.told("plant.anomaly") == []


async def test_late_readings_raise_no_alarm(client: httpx.AsyncClient, witness: Witness, sensor: Json) -> None:
    await send(client, [sensor], {10: FINE}, start=ago(60))
    await witness.look_away()
    await send(client, [sensor], {0: HOT}, start=ago(60))
    assert await alarms(client, sensor) == []
    assert len(await witness.told("plant.sensor.limits_broken")) == 1


async def test_bad_readings_say_nothing_and_uncertain_ones_half(
    database: Database, demo: Actor, client: httpx.AsyncClient
) -> None:
    found = []
    for status in (BAD, UNCERTAIN, 0):
        sensor = await make.sensor(client, max_value=5)
        one = np.array([status], np.uint32)
        moment, value = np.array([to_micros(ago(60))], np.int64), np.array([HOT], np.float64)
        columns = Columns([UUID(sensor["id"])], np.zeros(1, np.int32), moment, value, one)
        async with tenant_transaction(database, demo) as session:
            await store_readings(session, demo, columns)
        found.append([each["certainty"] for each in await alarms(client, sensor)])
    bad, [uncertain], [sure] = found
    assert bad == []
    assert uncertain == pytest.approx(sure / 2)


NOISE = np.random.default_rng(4).normal(4, 0.2, 600).tolist()
TROUBLE = [*NOISE[:300], *([4.0] * 150), *(value + 3 for value in NOISE[300:400]), *NOISE[400:], 30.0, *NOISE[:20]]


def seen(found: list[Json]) -> list[tuple[Any, ...]]:
    """What must be the same of alarms, whatever sensor they are of."""
    names = ("rule", "raised_at", "since", "latest_at", "cleared_at", "closed_at", "value", "worst", "certainty")
    return sorted(tuple(str(each[name]) for name in (*names, "occurrences", "state")) for each in found)


async def test_a_restart_between_any_two_calls_changes_nothing(
    database_url: str, database: Database, demo: Actor, client: httpx.AsyncClient
) -> None:
    one_run, many = [await make.sensor(client, max_value=8) for _ in range(2)]
    for sensor in (one_run, many):
        await watch(client, sensor, stuck_seconds=60)
    times = [ago(hours=1) + timedelta(seconds=second) for second in range(len(TROUBLE))]
    await store(database, demo, one_run, times, TROUBLE)
    for start in range(0, len(TROUBLE), 47):
        piece = slice(start, start + 47)
        fresh = Database(database_url, pool_size=1, listeners=composition.LISTENERS)
        await store(fresh, demo, many, times[piece], TROUBLE[piece])
        await fresh.close()
    expected = seen(await alarms(client, one_run))
    assert {"stuck", "above_limit"} <= {each[0] for each in expected}
    assert seen(await alarms(client, many)) == expected


async def test_a_call_for_sensors_some_of_which_are_new_or_not_watched_serves_each_by_itself(
    client: httpx.AsyncClient, database: Database, demo: Actor
) -> None:
    sensors = [await make.sensor(client, max_value=5 + number) for number in range(6)]
    for place in (0, 3):
        await watch(client, sensors[place], rules=[])
    await send(client, [sensors[place] for place in (0, 2, 5)], {0: FINE, 1: FINE}, start=ago(60))
    async with tenant_transaction(database, demo) as session:  # a state of another size, as of another version
        key = "(SELECT key FROM sensors WHERE id = :id)"
        shortened = f"UPDATE watch_states SET state = substring(state FOR 9) WHERE sensor_key = {key}"
        await session.execute(text(shortened), {"id": sensors[5]["id"]})
    await send(client, sensors, {2: 7.5}, start=ago(60))
    raised = {place: await alarms(client, sensor) for place, sensor in enumerate(sensors)}
    assert {place: [(each["rule"], each["high"]) for each in found] for place, found in raised.items() if found} == {
        1: [("above_limit", 6)],
        2: [("above_limit", 7)],
    }
    await send(client, sensors, {second + 3.0: 7.5 for second in range(3)}, start=ago(60))
    assert {place: await alarms(client, sensor) for place, sensor in enumerate(sensors)} == raised


STATE = "SELECT state FROM watch_states WHERE sensor_key = (SELECT key FROM sensors WHERE id = :id)"


@pytest.mark.parametrize(
    "happened", ["somebody else wrote", "rolled back", "twice in a transaction", "number given twice"]
)
async def test_what_is_remembered_is_what_the_database_says_whatever_this_process_wrote_before(
    client: httpx.AsyncClient, database: Database, demo: Actor, happened: str
) -> None:
    one, other = [await make.sensor(client, max_value=5) for _ in range(2)]
    first, second, third = (
        {float(second + begin): float(value) for second in range(10)} for begin, value in ((0, 1), (10, 2), (20, 3))
    )
    await send(client, [one, other], first, start=ago(60))
    async with tenant_transaction(database, demo) as session:
        before = await session.scalar(text(STATE), {"id": one["id"]})
    if happened == "somebody else wrote":
        await send(client, [one], second, start=ago(60))
        async with tenant_transaction(database, demo) as session:
            put_back = (
                "UPDATE watch_states SET state = :state WHERE sensor_key = (SELECT key FROM sensors WHERE id = :id)"
            )
            await session.execute(text(put_back), {"id": one["id"], "state": before})
    elif happened == "rolled back":
        with pytest.raises(ConnectionError):
            await broken_off(database, demo, columns_of(one, second))
    elif happened == "number given twice":
        async with tenant_transaction(database, demo) as session:
            number = "SELECT s.key, m.xmin FROM sensors AS s JOIN watch_states AS m ON m.sensor_key = s.key"
            rows = await fetch(session, f"{number} WHERE s.id = %(id)s", {"id": UUID(one["id"])})
        HELD.replace([], np.array([rows[0][0]], np.int32), rows[0][1], stacked([None]))
    else:
        async with tenant_transaction(database, demo) as session:
            await store_readings(session, demo, columns_of(one, second))
            await store_readings(session, demo, columns_of(one, third))
        await send(client, [other], second, start=ago(60))
    await send(client, [one, other], third, start=ago(60))
    async with tenant_transaction(database, demo) as session:
        states = [bytes(await session.scalar(text(STATE), {"id": each["id"]}) or b"") for each in (one, other)]
    assert states[0] == states[1] != bytes(before or b"")


async def broken_off(database: Database, actor: Actor, columns: Columns) -> None:
    async with tenant_transaction(database, actor) as session:
        await store_readings(session, actor, columns)
        raise ConnectionError


async def test_what_was_not_committed_is_neither_lost_nor_double_afterwards(
    database: Database, demo: Actor, client: httpx.AsyncClient, witness: Witness, sensor: Json
) -> None:
    await witness.look_away()
    columns = columns_of(sensor, {0: HOT})

    with pytest.raises(ConnectionError):
        await broken_off(database, demo, columns)
    assert await alarms(client, sensor) == []
    async with tenant_transaction(database, demo) as session:
        remembered = "SELECT count(*) FROM watch_states WHERE sensor_key = (SELECT key FROM sensors WHERE id = :id)"
        assert await session.scalar(text(remembered), {"id": sensor["id"]}) == 0
    for _ in range(2):
        async with tenant_transaction(database, demo) as session:
            await store_readings(session, demo, columns)
    assert len(await alarms(client, sensor)) == 1
    assert len(await witness.told("plant.anomaly.raised")) == 1


@pytest.mark.parametrize(
    "values", [{0: FINE, 1: FINE}, {0: HOT, 1: HOT}, {0: HOT, 60: FINE, 61: FINE, 62: FINE}], ids=str
)
async def test_200_sensors_cost_no_statement_more_than_one(
    client: httpx.AsyncClient, statements: list[str], values: Mapping[float, float]
) -> None:
    line = await make.line(client)
    sensors = [await make.sensor(client, line["id"], max_value=5) for _ in range(201)]
    counts = []
    for start, some in ((ago(hours=5), sensors[:1]), (ago(hours=5), sensors[1:])):
        statements.clear()
        await send(client, some, values, start=start)
        counts.append(len([each for each in statements if "limits" not in each and "SAVEPOINT" not in each]))
    one, many = counts
    flood = 2  # its alarms before, which now belong to it, and the flood itself
    assert many <= one + flood


async def notice(database: Database) -> None:
    """What the job process does each minute."""
    await jobs.have_alarms_looked_after(database)
    await make.work_off(database)


async def gaps(client: httpx.AsyncClient, sensor: Json) -> list[str]:
    """The states of a sensor's gaps."""
    return [each["state"] for each in await alarms(client, sensor, rule="gap")]


async def test_a_sensor_that_falls_silent_is_an_alarm_until_it_is_heard_again(
    client: httpx.AsyncClient, database: Database
) -> None:
    sensor = await make.sensor(client)
    await watch(client, sensor, gap_seconds=60)
    await send(client, [sensor], {0: 4, 5: 4.1}, start=ago(300))
    assert await gaps(client, sensor) == []
    for _ in range(2):
        await notice(database)
        assert await gaps(client, sensor) == ["unacknowledged"]
    [alarm] = await alarms(client, sensor, rule="gap")
    assert alarm["since"] == make.wire(ago(295))
    assert alarm["value"] >= 295
    await send(client, [sensor], {0: 4}, start=ago())
    assert await gaps(client, sensor) == ["returned"]


async def test_a_sensor_s_own_rhythm_says_when_it_is_silent(client: httpx.AsyncClient, database: Database) -> None:
    often, seldom, unknown = [await make.sensor(client) for _ in range(3)]
    await send(client, [often], {2.0 * step: 4 + step % 3 for step in range(40)}, start=ago(400))
    await send(client, [seldom], {60.0 * step: 4 + step % 3 for step in range(40)}, start=ago(60 * 45))
    await send(client, [unknown], {2.0 * step: 4 + step % 3 for step in range(10)}, start=ago(400))
    await notice(database)
    assert await gaps(client, often) == ["unacknowledged"]
    assert await gaps(client, seldom) == await gaps(client, unknown) == []


async def test_nobody_waits_for_what_is_read_from_a_file_of_long_ago(
    client: httpx.AsyncClient, database: Database
) -> None:
    sensor = await make.sensor(client)
    values = {step + (HOUR if step > 50 else 0.0): 4.0 + step % 3 for step in range(100)}
    await send(client, [sensor], values, start=ago(hours=50))
    await notice(database)
    assert await gaps(client, sensor) == []


@pytest.mark.parametrize("state", ["maintenance", "not_scheduled"])
async def test_nothing_is_missing_or_stuck_on_a_line_that_is_not_expected_to_run(
    client: httpx.AsyncClient, database: Database, state: str
) -> None:
    sensor = await make.sensor(client)
    await watch(client, sensor, gap_seconds=60, stuck_seconds=60)
    good(await make.state(client, sensor["line_id"], state, make.wire(ago(hours=1))))
    await send(client, [sensor], {10.0 * step: 4 for step in range(20)}, start=ago(500))
    await notice(database)
    assert await alarms(client, sensor) == []
    good(await make.state(client, sensor["line_id"], "running", make.wire(ago(1))))
    await send(client, [sensor], {0: 4}, start=ago(290))
    assert [each["rule"] for each in await alarms(client, sensor)] == ["stuck"]


async def test_what_is_at_rest_with_its_line_is_not_stuck(client: httpx.AsyncClient) -> None:
    line = await make.line(client)
    flow, warmth = [await make.sensor(client, line["id"], sensor_type=kind) for kind in ("flow", "temperature")]
    good(await make.state(client, line["id"], "idle", make.wire(ago(hours=10))))
    await send(client, [flow, warmth], {60.0 * minute: 0 for minute in range(180)}, start=ago(hours=3))
    assert await alarms(client, flow) == []
    assert [each["rule"] for each in await alarms(client, warmth)] == ["stuck"]


async def test_only_companies_with_readings_are_looked_after(
    client: httpx.AsyncClient, database: Database, sensor: Json
) -> None:
    await send(client, [sensor], {0: FINE}, start=ago(60))
    async with platform_transaction(database) as session:
        before = await session.scalar(text("SELECT coalesce(max(id), 0) FROM jobs.procrastinate_jobs"))
    for _ in range(2):
        await jobs.have_alarms_looked_after(database)
    async with platform_transaction(database) as session:
        waiting = "SELECT args ->> 'tenant' FROM jobs.procrastinate_jobs WHERE task_name = :name AND id > :before"
        found = await session.scalars(text(waiting), {"name": jobs.LOOK_AFTER_ALARMS, "before": before})
        assert found.all() == ["demo"]
    await make.work_off(database)


@pytest.mark.parametrize("count", [1, 40])
async def test_new_limits_raise_and_clear_with_the_next_reading(
    client: httpx.AsyncClient, sensor: Json, count: int
) -> None:
    at_sensor = f"{PLANT}/sensors/{sensor['id']}"
    await send(client, [sensor], {1.0 * step: 7 + step % 2 / 10 for step in range(count)}, start=ago(200))
    assert [each["state"] for each in await alarms(client, sensor)] == ["unacknowledged"]
    good(await client.patch(at_sensor, json={"max_value": 10}))
    await send(client, [sensor], {50.0 + step: 7 for step in range(3)}, start=ago(200))
    assert [each["state"] for each in await alarms(client, sensor)] == ["returned"]
    good(await client.patch(at_sensor, json={"max_value": 6}))
    await send(client, [sensor], {55: 7}, start=ago(200))
    assert [(each["state"], each["occurrences"]) for each in await alarms(client, sensor)] == [("unacknowledged", 2)]


async def test_values_as_large_as_numbers_go_are_watched_like_any_others(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    await send(client, [sensor], {0: 1e308, 1: -1e308, 2: 1e308}, start=ago(60))
    assert {"below_limit", "above_limit"} <= {each["rule"] for each in await alarms(client, sensor)}


async def test_a_sensor_that_had_alarms_is_not_deleted_with_its_readings_gone(
    client: httpx.AsyncClient, database: Database, demo: Actor, sensor: Json
) -> None:
    await send(client, [sensor], {0: HOT}, start=ago(60))
    async with tenant_transaction(database, demo) as session:
        gone = "DELETE FROM reading_blocks WHERE sensor_key = (SELECT key FROM sensors WHERE id = :id)"
        await session.execute(text(gone), {"id": sensor["id"]})
    refused = make.refusal(await client.delete(f"{PLANT}/sensors/{sensor['id']}"), 409)
    assert refused["code"] == "plant.in_use"
