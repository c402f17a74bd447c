"""How sensors are watched: by FoodFlow's choice for their type, by what a company says, and by what is said of one."""

import httpx
import pytest

from tests.plant import make
from tests.plant.alarms import ago, alarms, deed, send, watch
from tests.plant.make import PLANT, Json, Witness, good, refusal

HOT: dict[float, float] = {0: 99}


async def watched(client: httpx.AsyncClient, sensor: Json) -> Json:
    """How a sensor is watched."""
    found: Json = good(await client.get(f"{PLANT}/sensors/{sensor['id']}/watch"))
    return found


async def test_a_new_sensor_is_watched_sensibly_at_once(client: httpx.AsyncClient) -> None:
    sensor = await make.sensor(client, sensor_type="Core temperature", unit_of_measure="[degF]")
    found = await watched(client, sensor)
    assert found["version"] == 0
    assert set(found["said"].values()) == {None}
    holds = found["effective"]
    assert holds["rules"] == sorted(holds["rules"])
    assert {"below_limit", "above_limit", "stuck", "gap", "rate_of_change", "learned"} <= set(holds["rules"])
    assert not {each for each in holds["rules"] if each.startswith(("western", "nelson"))}
    assert (holds["max_rate"], holds["stuck_seconds"], holds["sensitivity"]) == (9, 7200, 1)


@pytest.mark.parametrize(
    ("kind", "unit", "rate", "stuck"),
    [
        ("temperature", "K", 5, 7200),
        ("pressure", "kPa", 500, 3600),
        ("pressure", "[fur_us]", None, 3600),
        ("tank level", "%", 5, None),
        ("vibration", "mm/s", None, 600),
        ("pH", "[pH]", 1, 7200),
        ("something else", "1", None, 7200),
    ],
)
async def test_each_type_has_a_choice_in_the_units_that_are_known(
    client: httpx.AsyncClient, kind: str, unit: str, rate: float | None, stuck: float | None
) -> None:
    sensor = await make.sensor(client, sensor_type=kind, unit_of_measure=unit)
    holds = (await watched(client, sensor))["effective"]
    assert (holds["max_rate"], holds["stuck_seconds"]) == (rate, stuck)


async def test_what_is_said_of_a_sensor_goes_before_its_type_s_and_that_before_the_choice(
    client: httpx.AsyncClient, witness: Witness
) -> None:
    kind = make.name("oven temperature")
    sensor = await make.sensor(client, sensor_type=kind)
    await witness.look_away()
    said = {"stuck_seconds": 60, "max_rate": 2, "priority": "critical"}
    good(await client.put(f"{PLANT}/watch-defaults/{kind}", json=said))
    own = await watch(client, sensor, stuck_seconds=30)
    holds = own["effective"]
    assert (holds["stuck_seconds"], holds["max_rate"], holds["priority"]) == (30, 2, "critical")
    assert (own["version"], own["said"]["stuck_seconds"], own["said"]["max_rate"]) == (1, 30, None)
    assert await watched(client, sensor) == own
    assert [each.action for each in await witness.recorded()] == ["sensor_type.watched", "sensor.watched"]
    replaced = await watch(client, sensor, sensitivity=2)
    assert (replaced["version"], replaced["effective"]["stuck_seconds"]) == (2, 60)


async def test_a_type_s_settings_are_found_however_it_is_written(client: httpx.AsyncClient) -> None:
    kind = make.name("Kiln")
    sensor = await make.sensor(client, sensor_type=kind.upper())
    good(await client.put(f"{PLANT}/watch-defaults/{kind}", json={"gap_seconds": 90}))
    assert (await watched(client, sensor))["effective"]["gap_seconds"] == 90
    assert good(await client.get(f"{PLANT}/watch-defaults/{kind.lower()}"))["version"] == 1


async def test_a_type_that_nobody_has_is_not_there(client: httpx.AsyncClient, akron_client: httpx.AsyncClient) -> None:
    kind = make.name("type")
    await make.sensor(client, sensor_type=kind)
    assert good(await client.get(f"{PLANT}/watch-defaults/{kind}"))["version"] == 0
    for method in ("GET", "PUT"):
        theirs = await akron_client.request(method, f"{PLANT}/watch-defaults/{kind}", json={})
        assert refusal(theirs, 404)["code"] == "plant.watch.unknown_type"
    assert good(await akron_client.get(f"{PLANT}/watch-defaults/temperature"))["effective"]["stuck_seconds"] == 7200


async def test_a_rule_that_is_switched_off_finds_nothing_and_its_alarm_is_closed(
    client: httpx.AsyncClient, witness: Witness, sensor: Json
) -> None:
    await send(client, [sensor], HOT, start=ago(60))
    await witness.look_away()
    await watch(client, sensor, rules=[])
    [alarm] = await alarms(client, sensor)
    assert (alarm["state"], alarm["cause"]) == ("closed", "no longer watched")
    assert [each.type for each in await witness.told()] == ["plant.alarm.closed"]
    await send(client, [sensor], {1: 99, 2: 3, 3: 99}, start=ago(60))
    assert len(await alarms(client, sensor)) == 1
    assert good(await client.get(f"{PLANT}/sensors/{sensor['id']}"))["breach"] == "above"


async def test_a_rule_that_a_type_is_no_longer_watched_by_closes_the_alarms_of_its_sensors(
    client: httpx.AsyncClient,
) -> None:
    kind = make.name("type")
    follows, differs = [await make.sensor(client, sensor_type=kind, max_value=5) for _ in range(2)]
    await watch(client, differs, rules=["above_limit"])
    await send(client, [follows, differs], HOT, start=ago(60))
    good(await client.put(f"{PLANT}/watch-defaults/{kind}", json={"rules": ["stuck"]}))
    assert [each["state"] for each in await alarms(client, follows)] == ["closed"]
    assert [each["state"] for each in await alarms(client, differs)] == ["unacknowledged"]


async def test_the_priority_that_is_said_is_that_of_new_alarms(client: httpx.AsyncClient, sensor: Json) -> None:
    await watch(client, sensor, priority="critical")
    await send(client, [sensor], HOT, start=ago(60))
    assert (await alarms(client, sensor))[0]["priority"] == "critical"


async def test_control_chart_rules_are_looked_at_where_somebody_asks_for_them(client: httpx.AsyncClient) -> None:
    chart, usual = [await make.sensor(client) for _ in range(2)]
    await watch(client, chart, rules=["nelson_3"])
    values = {1.0 * step: 10 + (step % 3) / 10 for step in range(200)}
    values |= {200.0 + step: 10 + step / 10 for step in range(10)}
    await send(client, [chart, usual], values, start=ago(600))
    assert {each["rule"] for each in await alarms(client, chart)} == {"nelson_3"}
    assert "nelson_3" not in {each["rule"] for each in await alarms(client, usual)}


async def test_an_alarm_is_over_after_the_off_delay_that_is_said_of_its_sensor_or_type(
    client: httpx.AsyncClient,
) -> None:
    kind = make.name("type")
    follows, at_once, usual = [
        await make.sensor(client, sensor_type=each, max_value=5) for each in (kind, kind, make.name("type"))
    ]
    good(await client.put(f"{PLANT}/watch-defaults/{kind}", json={"off_delay_seconds": 30}))
    own = await watch(client, at_once, off_delay_seconds=0)
    assert (own["said"]["off_delay_seconds"], own["effective"]["off_delay_seconds"]) == (0, 0)
    assert (await watched(client, follows))["effective"]["off_delay_seconds"] == 30
    assert (await watched(client, usual))["effective"]["off_delay_seconds"] is None
    values = {0.0: 3.0, 1.0: 99.0} | {2.0 + step: 3.0 for step in range(29)}
    await send(client, [follows, at_once, usual], values, start=ago(600))
    cleared = [(await alarms(client, each, rule="above_limit"))[0]["cleared_at"] for each in (follows, at_once, usual)]
    assert cleared == [None, make.wire(ago(596)), make.wire(ago(596))]
    await send(client, [follows], {31.0: 3.0}, start=ago(600))
    assert (await alarms(client, follows))[0]["cleared_at"] == make.wire(ago(569))


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"rules": ["guess"]}, "rules"),
        ({"max_rate": 0}, "max_rate"),
        ({"off_delay_seconds": -1}, "off_delay_seconds"),
        ({"off_delay_seconds": 86_401}, "off_delay_seconds"),
        ({"stuck_seconds": -1}, "stuck_seconds"),
        ({"gap_seconds": 0}, "gap_seconds"),
        ({"hysteresis": -1}, "hysteresis"),
        ({"sensitivity": 100}, "sensitivity"),
        ({"priority": "urgent"}, "priority"),
        ({"colour": "red"}, "colour"),
    ],
    ids=str,
)
async def test_what_makes_no_sense_is_refused_by_its_name(
    client: httpx.AsyncClient, sensor: Json, said: dict[str, object], field: str
) -> None:
    for address in (f"sensors/{sensor['id']}/watch", f"watch-defaults/{sensor['sensor_type']}"):
        refused = refusal(await client.put(f"{PLANT}/{address}", json=said), 422)
        assert any(field in each for each in make.fields_of(refused))
    assert (await watched(client, sensor))["version"] == 0


async def test_of_two_who_change_the_same_the_second_looks_again(client: httpx.AsyncClient, sensor: Json) -> None:
    kind = make.name("type")
    await make.sensor(client, sensor_type=kind)
    for address in (f"{PLANT}/sensors/{sensor['id']}/watch", f"{PLANT}/watch-defaults/{kind}"):
        seen = {"If-Match": (await client.get(address)).headers["etag"]}
        good(await client.put(address, json={"stuck_seconds": 60}, headers=seen))
        refusal(await client.put(address, json={"stuck_seconds": 90}, headers=seen), 412)
        assert good(await client.get(address))["said"]["stuck_seconds"] == 60


async def test_an_alarm_closed_by_hand_is_raised_anew_when_the_rule_finds_it_again(
    client: httpx.AsyncClient, sensor: Json
) -> None:
    await send(client, [sensor], {0: 99, 10: 3, 11: 3, 12: 3, 13: 3}, start=ago(60))
    [alarm] = await alarms(client, sensor, rule="above_limit")
    good(await deed(client, alarm, "close", cause="Door open"))
    await send(client, [sensor], {20: 99}, start=ago(60))
    assert [each["state"] for each in await alarms(client, sensor, rule="above_limit")] == ["closed", "unacknowledged"]
