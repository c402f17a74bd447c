"""The contract of plant operations (its section 4), held against the whole: every path and method, the fields of every
entity, every enum; where the interface decides otherwise, the difference is written down here and tested.

What the prototype behind that contract got wrong is not to be found here. `FAULTS` names the tests of that, where they
belong.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI

from foodflow.plant.rules.batches import BatchStatus
from foodflow.plant.rules.lines import LineState
from foodflow.plant.rules.money_leaks import LeakCategory
from foodflow.plant.rules.reasons import Category
from foodflow.plant.rules.scrap import Severity
from foodflow.plant.rules.trials import TrialStatus
from tests.plant import make
from tests.plant.make import PLANT, Json, fields_of, good, name, refusal

HERE: Final = Path(__file__).parent
FAULTS: Final = {
    "a line takes any status": ("routes/test_states.py", "a_wrong_report_is_refused"),
    "a patch changes the status of a line past its history": (
        "routes/test_lines.py",
        "a_change_of_what_has_a_deed_of_its_own",
    ),
    "a line that goes down opens no stop": ("routes/test_downtimes.py", "a_line_that_goes_down_opens_a_stop"),
    "the status of a batch is patched": ("routes/test_batch_lifecycle.py", "a_status_is_not_patched"),
    "a cancelled batch leaves its line running": ("routes/test_batch_lifecycle.py", "a_cancelled_batch_frees_its_line"),
    "completing a batch forces its line to idle": (
        "routes/test_batches.py",
        "completing_a_batch_keeps_any_state_but_running",
    ),
    "a trial with parameters answers 500": ("routes/test_trials.py", "parameters_survive_the_round_trip"),
    "a stop lasts a negative time": ("routes/test_downtimes.py", "a_stop_without_a_length_or_with_a_negative_one"),
    "a stop ends twice": ("routes/test_downtimes.py", "an_open_stop_ends_once"),
    "deleting a line destroys its history": ("routes/test_lines.py", "a_line_with_history_cannot_be_removed"),
    "OEE is typed in": ("routes/test_batches.py", "what_a_deed_decides_cannot_be_changed"),
    "a factor of 0 counts as absent": ("routes/test_effectiveness.py", "where_there_is_nothing_to_divide_by"),
    "ratios are capped": ("routes/test_effectiveness.py", "a_wrong_ideal_speed_is_shown_and_not_capped"),
    "the vector of the stub data is missed": ("routes/test_effectiveness.py", "the_vector_of_the_stub_data"),
    "OEE of several is a mean": ("routes/test_losses.py", "the_total_is_of_the_sums"),
    "produced 100, good 150, scrap 90": ("routes/test_counting.py", "what_was_produced_is_good_scrap_and_rework"),
    "unknown sensors are dropped in silence": ("routes/test_readings.py", "an_unknown_sensor_refuses_the_whole_call"),
    "a reading is of another sensor than its path": ("routes/test_readings.py", "one_reading_is_of_the_sensor_of_its"),
    "duplicates are stored": ("routes/test_ways_in.py", "what_became_of_a_call_is_counted"),
    "bulk calls tell nobody": ("usecases/test_noting.py", "each_sensor_of_a_call_tells_of_itself"),
    "a late reading becomes the latest": (
        "usecases/test_stored_readings.py",
        "the_latest_reading_never_moves_backwards",
    ),
    "a limit of 0 is none": ("routes/test_readings.py", "zero_is_a_limit"),
    "a limit alone is none": ("routes/test_readings.py", "either_limit_may_be_alone"),
    "targets mean nothing": ("routes/test_ways_in.py", "a_reading_far_from_its_target"),
    "calibrations mean nothing": ("routes/test_calibrations.py", "a_reading_is_corrected_by_the_offset"),
    "a reading has no quality and no server time": (
        "usecases/test_stored_readings.py",
        "a_reading_comes_back_with_all_that_is_known",
    ),
    "nothing draws a long span": ("routes/test_series.py", "every_resolution_keeps_the_peaks"),
    "a failed write loses readings": ("usecases/test_packing.py", "what_fails_half_way_leaves_everything"),
    "a stuck signal is not seen": ("usecases/test_watching.py", "a_value_that_never_changes_is_stuck"),
    "one rate for all types of sensors": ("routes/test_watches.py", "each_type_has_a_choice"),
    "what is learned dies with the process": ("usecases/test_watching.py", "a_restart_between_any_two_calls"),
    "pure noise raises alarms": ("../numerics/detection/test_watching.py", "pure_noise_gives_no_alarm"),
    "a step is taken as normal after five readings": ("../numerics/detection/test_charts.py", "a_step_is_not_normal"),
    "outliers become what is normal": ("../numerics/detection/test_charts.py", "outliers_do_not_join"),
    "what is learned is a pickle": ("../numerics/detection/test_state.py", "a_state_is_no_pickle"),
    "scrap and stops of today are others": ("routes/test_overview.py", "today_began_at_the_midnight_of_the_site"),
    "alerts have new ids, the least severe first": (
        "routes/test_overview.py",
        "its_alerts_are_open_alarms",
    ),
    "amounts have no currency, and are not reckoned": ("routes/test_money_leaks.py", "the_amount_is_reckoned_here"),
}
"""What was wrong, and the test that says it is not."""

TIMES: Final = {"start_time": make.at(), "end_time": make.at(60)}


@dataclass(frozen=True, slots=True)
class World:
    """One of each thing."""

    line: Json
    batch: Json
    trial: Json
    downtime: Json
    leak: Json
    sensor: Json


@pytest.fixture
async def world(client: httpx.AsyncClient) -> World:
    """A line of one's own with all that hangs on it."""
    good(await client.put(f"{PLANT}/settings", json={"currency": "EUR"}))
    line, other = await make.line(client, design_speed=80), await make.line(client)
    trial = {"trial_number": name("T"), "name": "Slower", "line_id": line["id"], "parameters": {"speed": 70}}
    stop = {"line_id": other["id"], "start_time": make.at(), "reason_category": "mechanical"}
    leak = {"line_id": line["id"], "category": "yield_loss", "amount": 1} | PERIOD
    return World(
        line=line,
        batch=await make.batch(client, line["id"]),
        trial=good(await client.post(f"{PLANT}/trials", json=trial)),
        downtime=good(await client.post(f"{PLANT}/downtimes", json=stop)),
        leak=good(await client.post(f"{PLANT}/money-leaks", json=leak)),
        sensor=await make.sensor(client, line["id"], min_value=0, max_value=5),
    )


PERIOD: Final = {"period_start": make.at(), "period_end": make.at(60)}
PAGED: Final = {"count", "next", "previous", "results"}


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the contract, and what of the answer tells that it was understood."""

    method: str
    path: str
    status: int
    params: Mapping[str, Any] | Callable[[World], Mapping[str, Any]] | None = None
    body: Mapping[str, Any] | Callable[[World], Mapping[str, Any]] | None = None
    shows: Mapping[str, Any] | frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def on_line(**fields: Any) -> Callable[[World], Mapping[str, Any]]:  # noqa: ANN401 - fields of a body
    return lambda world: {"line_id": world.line["id"], **fields}


PAGE: Final = {"page": 1, "page_size": 2}
LIST: Final = frozenset(PAGED)
CALLS: Final = [
    Call("GET", "overview", 200, TIMES, shows=frozenset({"kpis", "money_leaks", "alerts", "active_trials"})),
    Call("POST", "lines", 201, body=lambda _: {"line_number": name("L"), "name": "Filling"},
         shows={"is_active": True}),
    Call("GET", "lines", 200, PAGE | {"status": "idle", "is_active": "true"}, shows=LIST),
    Call("GET", "lines/{line}", 200, shows={"design_speed": 80}),
    Call("PATCH", "lines/{line}", 200, body={"name": "Capping"}, shows={"name": "Capping"}),
    Call("GET", "lines/by-number/{number}", 200, shows={"design_speed": 80}),
    Call("POST", "lines/{line}/status", 200, {"new_status": "running", "reason": "Ready"}, shows={"status": "running"}),
    Call("POST", "batches", 201, body=on_line(
        batch_number="made anew", product_code="P", product_name="P", target_quantity=1), shows={"status": "planned"}),
    Call("GET", "batches", 200, on_line(status="planned", start_date="2026-01-01", end_date="2026-02-01", **PAGE),
         shows=LIST),
    Call("GET", "batches/{batch}", 200, shows={"status": "planned"}),
    Call("PATCH", "batches/{batch}", 200, body={"notes": "Seen"}, shows={"notes": "Seen"}),
    Call("GET", "batches/by-number/{batch_number}", 200, shows={"status": "planned"}),
    Call("POST", "batches/{batch}/start", 200, shows={"status": "in_progress"}),
    Call("POST", "trials", 201, body=on_line(trial_number="tried anew", name="Faster"), shows={"status": "planned"}),
    Call("GET", "trials", 200, on_line(status="planned"), shows={"count": 1}),
    Call("GET", "trials/{trial}", 200, shows={"parameters": {"speed": 70}}),
    Call("PUT", "trials/{trial}", 200, body={"name": "Slowest"}, shows={"name": "Slowest", "parameters": {}}),
    Call("PUT", "trials/{trial}/start", 200, shows={"status": "in_progress"}),
    Call("DELETE", "trials/{trial}/cancel", 200, {"reason": "No time"}, shows={"cancel_reason": "No time"}),
    Call("POST", "downtimes", 201, body=on_line(reason_category="electrical"), shows={"reason_category": "electrical"}),
    Call("GET", "downtimes", 200, lambda world: {"line_id": world.downtime["line_id"], "is_planned": "false", **TIMES},
         shows={"count": 1}),
    Call("GET", "downtimes/{downtime}", 200, shows={"end_time": None, "reason_category": "mechanical"}),
    Call("PUT", "downtimes/{downtime}", 200, body={"root_cause": "Wear"}, shows={"root_cause": "Wear"}),
    Call("PUT", "downtimes/{downtime}/end", 200, body={"end_time": make.at(90), "resolution": "Greased"},
         shows={"duration_minutes": 1.5, "resolution": "Greased"}),
    Call("POST", "money-leaks", 201, body=on_line(category="quality_loss", quantity_lost=2, unit_cost=3, **PERIOD),
         shows={"amount": 6, "currency": "EUR", "calculation_method": "quantity_times_unit_cost"}),
    Call("GET", "money-leaks", 200, on_line(category="yield_loss", **TIMES), shows={"count": 1}),
    Call("GET", "money-leaks/overview", 200, TIMES, shows=frozenset({"total", "by_category", "top_lines"})),
    Call("GET", "money-leaks/by-category", 200, TIMES),
    Call("GET", "money-leaks/{leak}", 200, shows={"amount": 1}),
    Call("POST", "sensors", 201, body=on_line(
        sensor_code="coded anew", name="Kettle", sensor_type="temperature", unit_of_measure="Cel"),
        shows={"is_active": True}),
    Call("GET", "sensors", 200, on_line(sensor_type="temperature", is_active="true", **PAGE), shows={"count": 1}),
    Call("GET", "sensors/{sensor}", 200, shows={"min_value": 0}),
    Call("PATCH", "sensors/{sensor}", 200, body={"name": "Vat"}, shows={"name": "Vat"}),
    Call("GET", "sensors/by-code/{code}", 200, shows={"min_value": 0}),
    Call("POST", "sensors/{sensor}/readings", 201, {"check_anomaly": "true"},
         lambda world: {"sensor_id": world.sensor["id"], "timestamp": make.at(), "value": 4, "is_valid": True},
         shows={"value": 4}),
    Call("GET", "sensors/{sensor}/readings", 200, {"page_size": 2, **TIMES}, shows=frozenset({"next", "results"})),
    Call("POST", "sensors/readings/bulk", 201, {"check_anomaly": "true"},
         lambda world: {"readings": [make.reading(world.sensor["id"], 0, 4)]}, shows={"stored": 1}),
    Call("DELETE", "sensors/{sensor}", 204),
]  # fmt: skip
"""Every path and method of the contract, but those that need another one before (below)."""


def test_every_fault_of_the_prototype_has_a_test_that_it_is_not_there() -> None:
    for fault, (module, test) in FAULTS.items():
        assert f"def test_{test}" in (HERE / module).read_text(), fault


@pytest.mark.parametrize("call", CALLS, ids=str)
async def test_every_call_of_the_contract_is_understood(client: httpx.AsyncClient, world: World, call: Call) -> None:
    params = call.params(world) if callable(call.params) else call.params
    body = call.body(world) if callable(call.body) else call.body
    answer = await client.request(call.method, address(world, call.path), params=params, json=body)
    assert answer.status_code == call.status, answer.text
    told = good(answer)
    shown = call.shows
    if isinstance(shown, frozenset):
        assert shown <= (set(told) if isinstance(told, dict) else set())
    else:
        assert {field: told[field] for field in shown} == shown


def address(world: World, path: str) -> str:
    things = ("line", "batch", "trial", "downtime", "leak", "sensor")
    ids = {thing: getattr(world, thing)["id"] for thing in things}
    names = {"number": world.line["line_number"], "batch_number": world.batch["batch_number"]}
    return f"{PLANT}/" + path.format(**ids, **names, code=world.sensor["sensor_code"])


async def test_the_last_calls_of_a_life_are_understood_too(client: httpx.AsyncClient, world: World) -> None:
    good(await make.run(client, world.batch["id"], "start"))
    done = good(await client.post(address(world, "batches/{batch}/complete")))
    assert (done["status"], done["yield_rate"], done["scrap_rate"]) == ("completed", None, None)
    assert done["duration_minutes"] >= 0
    good(await client.put(address(world, "trials/{trial}/start")))
    ended = good(await client.put(address(world, "trials/{trial}/complete"), json={"results": {"taste": "better"}}))
    assert (ended["status"], ended["results"]) == ("completed", {"taste": "better"})
    assert (await client.delete(f"{PLANT}/lines/{(await make.line(client))['id']}")).status_code == 204


@pytest.mark.parametrize("path", ["trials", "downtimes", "money-leaks"])
async def test_lists_have_pages_and_other_ways_to_page_are_refused_by_name(
    client: httpx.AsyncClient, path: str
) -> None:
    """The contract has `skip` and `limit` for some lists; here all lists are alike."""
    assert set(good(await client.get(f"{PLANT}/{path}", params=PAGE))) == PAGED
    refused = refusal(await client.get(f"{PLANT}/{path}", params={"skip": 0, "limit": 10}), 422)
    assert sorted(fields_of(refused)) == ["limit", "skip"]


@pytest.mark.parametrize(("path", "end"), [("downtimes", "end_time"), ("money-leaks", "period_end")])
async def test_what_lasts_is_found_by_any_window_that_it_shares_time_with(
    client: httpx.AsyncClient, path: str, end: str
) -> None:
    line = await make.line(client)
    good(await client.put(f"{PLANT}/settings", json={"currency": "EUR"}))
    more = {"category": "yield_loss", "amount": 1} if path == "money-leaks" else {}
    start = end.replace("end", "start") if path == "money-leaks" else "start_time"
    made = good(
        await client.post(
            f"{PLANT}/{path}", json={"line_id": line["id"], start: make.at(600), end: make.at(1200), **more}
        )
    )
    for begins, ends, found in (
        (0, 600, False),
        (0, 601, True),
        (700, 800, True),
        (1199, 5000, True),
        (1200, 5000, False),
    ):
        window = {"line_id": line["id"], "start_time": make.at(begins), "end_time": make.at(ends)}
        rows = good(await client.get(f"{PLANT}/{path}", params=window))["results"]
        assert [row["id"] for row in rows] == ([made["id"]] if found else []), (begins, ends)
    if path == "downtimes":
        lasting = good(
            await client.post(f"{PLANT}/downtimes", json={"line_id": line["id"], "start_time": make.at(2000)})
        )
        rows = good(await client.get(f"{PLANT}/downtimes", params={"line_id": line["id"], "start_time": make.at(9000)}))
        assert [row["id"] for row in rows["results"]] == [lasting["id"]]
    naive = refusal(await client.get(f"{PLANT}/{path}", params={"start_time": "2026-01-05T06:00:00"}), 422)
    assert fields_of(naive) == ["start_time"]


async def test_a_time_without_a_zone_is_refused_and_breaks_nothing(client: httpx.AsyncClient) -> None:
    for path in ("overview", "money-leaks/overview", "money-leaks/by-category"):
        params = {"start_time": "2026-01-05T06:00:00", "end_time": make.at()}
        assert fields_of(refusal(await client.get(f"{PLANT}/{path}", params=params), 422)) == ["start_time"]


async def test_nobody_gets_in_without_a_credential(anonymous_client: httpx.AsyncClient, world: World) -> None:
    for call in CALLS:
        refusal(await anonymous_client.request(call.method, address(world, call.path)), 401)


ENTITIES: Final[dict[str, tuple[str, str]]] = {
    "DowntimeOut": (
        (
            "line_id batch_id start_time end_time duration_minutes reason_category reason_detail is_planned root_cause"
            " resolution preventive_action units_lost cost_impact reported_by resolved_by response_time_minutes"
        ),
        "",
    ),
    "LineEventOut": (
        (
            "line_id batch_id event_type event_time previous_status new_status downtime_reason"
            " downtime_duration_minutes description operator_id operator_name"
        ),
        "line_id batch_id downtime_reason downtime_duration_minutes description operator_id operator_name",
    ),
    "MoneyLeakOut": (
        (
            "period_start period_end line_id plant_id batch_id category subcategory amount_usd quantity_lost unit_cost"
            " time_lost_minutes hourly_cost description root_cause is_avoidable action_taken calculation_method"
        ),
        "plant_id amount_usd",
    ),
    "BatchOut": (
        (
            "batch_number work_order_number product_id product_code product_name line_id status planned_start_time"
            " planned_end_time actual_start_time actual_end_time target_quantity produced_quantity good_quantity"
            " scrap_quantity target_speed average_speed availability performance quality oee planned_downtime_minutes"
            " unplanned_downtime_minutes labor_cost material_cost scrap_cost operator_id operator_name shift notes"
            " scrap_rate yield_rate duration_minutes"
        ),
        "product_id operator_id",
    ),
    "LineOut": (
        (
            "line_number name description plant_id plant_name location design_speed max_speed min_speed status"
            " current_speed current_batch_id is_active last_maintenance_date next_maintenance_date settings"
        ),
        "plant_id current_speed last_maintenance_date next_maintenance_date settings",
    ),
    "ScrapEventOut": (
        (
            "batch_id event_time quantity scrap_type scrap_reason severity root_cause corrective_action estimated_cost"
            " detected_by operator_id operator_name image_url"
        ),
        "operator_id",
    ),
    "SensorOut": (
        (
            "line_id sensor_code name sensor_type location position unit_of_measure min_value max_value target_value"
            " tolerance is_active last_reading_time last_reading_value last_calibration_date next_calibration_date"
            " calibration_offset settings"
        ),
        "settings",
    ),
    "ReadingOut": ("sensor_id batch_id timestamp value is_valid is_anomaly", "sensor_id batch_id is_valid is_anomaly"),
    "TrialOut": (
        (
            "trial_number name description line_id product_id product_code status planned_start_time planned_end_time"
            " actual_start_time actual_end_time parameters expected_outcome success_criteria results was_successful"
            " batch_ids observations learnings recommendations owner_id owner_name suggested_by_ai ai_suggestion_id"
        ),
        "product_id owner_id suggested_by_ai ai_suggestion_id",
    ),
}
"""Of each entity the contract's fields, and those of them that are not here because something else says the same.

A site is known by its name (`plant_name`), a product by its code, a person by who is signed in (`recorded_by`,
`reported_by`) beside the name that is given. An amount bears its currency. A reading says how good it is by its
`status_code` and on which side of its limits by `breach`, its sensor is that of the path. A line event is of the line
of its path, and stops have records of their own. How fast a line runs follows from its counts. `settings` was a text
that nobody read. Maintenance and suggestions do not exist yet.
"""


@pytest.mark.parametrize("shape", ENTITIES)
async def test_entities_have_the_fields_of_the_contract_or_say_why_not(app: FastAPI, shape: str) -> None:
    of_contract, elsewhere = (set(fields.split()) for fields in ENTITIES[shape])
    schemas = app.openapi()["components"]["schemas"]
    assert of_contract - set(schemas[shape]["properties"]) == elsewhere


@pytest.mark.parametrize(
    ("enum", "values"),
    [
        (LineState, "idle running changeover downtime maintenance"),
        (BatchStatus, "planned in_progress completed cancelled on_hold"),
        (
            Category,
            "mechanical electrical changeover no_material no_operator quality_issue planned_maintenance other",
        ),
        (TrialStatus, "planned in_progress completed cancelled"),
        (
            LeakCategory,
            "scrap_loss downtime_loss speed_loss yield_loss quality_loss changeover_loss startup_loss",
        ),
        (Severity, "high critical"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_enums_have_the_values_of_the_contract(enum: Any, values: str) -> None:  # noqa: ANN401 - a class of texts
    assert set(values.split()) <= set(enum)


async def test_values_of_enums_are_enforced(client: httpx.AsyncClient, world: World) -> None:
    for method, path, body in (
        ("POST", "lines/{line}/status", {"status": "banana"}),
        ("PATCH", "lines/{line}", {"status": "banana"}),
        ("PATCH", "batches/{batch}", {"status": "completed"}),
        ("PATCH", "trials/{trial}", {"status": "completed"}),
        ("PATCH", "money-leaks/{leak}", {"category": "banana"}),
        ("PUT", "downtimes/{downtime}", {"reason_category": "banana"}),
        ("POST", "batches/{batch}/scrap", {"severity": "banana", "quantity": 1, "scrap_type": "burnt"}),
    ):
        (field,) = set(body) - {"quantity", "scrap_type"}
        refused = refusal(await client.request(method, address(world, path), json=body), 422)
        assert fields_of(refused) == [field], path


async def test_what_the_prototype_kept_to_itself_is_there_too(client: httpx.AsyncClient, world: World) -> None:
    """Line events, scrap events, holding and cancelling batches, figures of a line, analysis of scrap."""
    good(await make.run(client, world.batch["id"], "start"))
    for path in ("lines/{line}/events", "lines/{line}/oee", "lines/{line}/reliability", "batches/{batch}/history"):
        good(await client.get(address(world, path)))
    scrapped = {"quantity": 1, "scrap_type": "burnt", "severity": "high"}
    good(await client.post(address(world, "batches/{batch}/scrap"), json=scrapped))
    for path in ("scrap-events", "scrap/by-reason", "batches/{batch}/scrap-by-reason", "shifts/current"):
        good(await client.get(address(world, path)))
    for deed, status in (("hold", "on_hold"), ("resume", "in_progress"), ("cancel", "cancelled")):
        assert good(await make.run(client, world.batch["id"], deed))["status"] == status
