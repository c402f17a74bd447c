"""Retention over HTTP."""

import httpx
import pytest

from tests.conftest import ClientOf
from tests.plant.make import PLANT, Witness, fields_of, good, refusal

PATH = f"{PLANT}/retention"
KEPT = {"raw_kept_days": 100, "minutes_kept_days": 200, "hours_kept_days": None}


async def test_everything_is_kept_until_somebody_says_otherwise(
    akron_client: httpx.AsyncClient, akron_witness: Witness
) -> None:
    found = good(await akron_client.get(PATH))
    assert (found["raw_kept_days"], found["minutes_kept_days"], found["hours_kept_days"]) == (None, None, None)
    assert (found["raw_removed_before"], found["removes"]) == (None, None)
    changed = await akron_client.put(PATH, json=KEPT, headers={"If-Match": f'"{found["version"]}"'})
    assert good(changed).items() >= KEPT.items()
    assert good(await akron_client.get(PATH)).items() >= KEPT.items()
    refusal(await akron_client.put(PATH, json=KEPT, headers={"If-Match": f'"{found["version"]}"'}), 412)
    (entry,) = await akron_witness.recorded()
    assert (entry.action, entry.details["after"]) == ("retention.changed", {"raw": 100, "minutes": 200, "hours": None})


async def test_a_preview_changes_nothing(client: httpx.AsyncClient, witness: Witness) -> None:
    before = good(await client.get(PATH))
    seen = good(await client.put(PATH, json=KEPT, params={"preview": "true"}))
    assert seen.items() >= KEPT.items()
    assert set(seen["removes"]) == {"readings", "days_of_readings", "hours_of_minutes", "days_of_hours"}
    assert good(await client.get(PATH)) == before
    assert await witness.recorded() == []


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("minutes_kept_days", {"minutes_kept_days": 99}),
        ("hours_kept_days", {"hours_kept_days": 199}),
        ("minutes_kept_days", {"raw_kept_days": None}),
        ("raw_kept_days", {"raw_kept_days": 0}),
        ("hours_kept_days", {"hours_kept_days": 36_501}),
        ("days", {"days": 1}),
    ],
)
@pytest.mark.parametrize("preview", ["true", "false"])
async def test_what_is_coarser_is_kept_as_long_at_least(
    client: httpx.AsyncClient, field: str, change: dict[str, object], preview: str
) -> None:
    answer = await client.put(PATH, json=KEPT | change, params={"preview": preview})
    assert fields_of(refusal(answer, 422)) == [field]


async def test_operators_look_and_do_not_change(client_of: ClientOf) -> None:
    good(await client_of("operator").get(PATH))
    refusal(await client_of("operator").put(PATH, json=KEPT), 403)
