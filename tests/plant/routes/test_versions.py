"""Lines, batches and sensors bear a version: who has seen an older one is told instead of writing over a change."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.plant import make
from tests.plant.make import Json, good, refusal

Thing = Callable[[httpx.AsyncClient], Awaitable[str]]


async def line(client: httpx.AsyncClient) -> str:
    return f"{make.PLANT}/lines/{(await make.line(client))['id']}"


async def batch(client: httpx.AsyncClient) -> str:
    made = await make.batch(client, (await make.line(client))["id"])
    return f"{make.PLANT}/batches/{made['id']}"


async def sensor(client: httpx.AsyncClient) -> str:
    return f"{make.PLANT}/sensors/{(await make.sensor(client))['id']}"


CHANGES: dict[Thing, Json] = {line: {"name": "New"}, batch: {"notes": "New"}, sensor: {"name": "New"}}
each_thing = pytest.mark.parametrize("thing", CHANGES, ids=lambda thing: str(thing.__name__))


async def seen(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address)
    return str(answer.headers["etag"])


@each_thing
async def test_a_change_counts_and_every_answer_says_which_version_it_shows(
    client: httpx.AsyncClient, thing: Thing
) -> None:
    address = await thing(client)
    first = await client.get(address)
    changed = await client.patch(address, json=CHANGES[thing])
    assert (first.json()["version"], good(changed)["version"]) == (1, 2)
    assert first.headers["etag"].startswith('"1-')
    assert changed.headers["etag"] == await seen(client, address) != first.headers["etag"]


@each_thing
async def test_a_change_on_the_version_that_was_seen_is_made_and_on_an_older_one_refused(
    client: httpx.AsyncClient, thing: Thing
) -> None:
    address = await thing(client)
    old = await seen(client, address)
    good(await client.patch(address, json=CHANGES[thing], headers={"if-match": old}))
    assert refusal(await client.patch(address, json=CHANGES[thing], headers={"if-match": old}), 412)["code"] == "stale"
    good(await client.patch(address, json=CHANGES[thing], headers={"if-match": await seen(client, address)}))


@each_thing
async def test_of_two_changes_at_once_on_one_version_one_is_made(client: httpx.AsyncClient, thing: Thing) -> None:
    address = await thing(client)
    headers = {"if-match": await seen(client, address)}
    both = await asyncio.gather(
        *(client.patch(address, json=CHANGES[thing], headers=headers) for _ in range(2)),
    )
    assert sorted(answer.status_code for answer in both) == [200, 412]


@pytest.mark.parametrize("thing", [line, sensor], ids=["line", "sensor"])
async def test_what_has_changed_since_it_was_seen_is_not_deleted(client: httpx.AsyncClient, thing: Thing) -> None:
    address = await thing(client)
    old = await seen(client, address)
    good(await client.patch(address, json=CHANGES[thing]))
    refusal(await client.delete(address, headers={"if-match": old}), 412)
    good(await client.delete(address, headers={"if-match": await seen(client, address)}))


async def test_deeds_heed_the_version_too(client: httpx.AsyncClient) -> None:
    planned, of_line = await batch(client), await line(client)
    stale = {"if-match": '"7"'}
    refusal(await client.post(f"{planned}/start", headers=stale), 412)
    refusal(await client.post(f"{of_line}/status", json={"status": "idle"}, headers=stale), 412)
    started = await client.post(f"{planned}/start", headers={"if-match": await seen(client, planned)})
    assert good(started)["version"] == 2
    refusal(await client.post(f"{planned}/complete", headers={"if-match": '"1"'}), 412)
    assert good(await client.post(f"{planned}/complete", headers={"if-match": started.headers["etag"]}))["version"] == 3


@pytest.mark.parametrize("tags", ["*", '"1"', '"9", "1"', ' "1" ,"9"', 'W/"9", "1-0123456789ab"'])
async def test_any_of_the_versions_named_will_do(client: httpx.AsyncClient, tags: str) -> None:
    good(await client.patch(await line(client), json=CHANGES[line], headers={"if-match": tags}))


@pytest.mark.parametrize("tags", ['"2"', '"1x"', 'W/"1"', '""', '"9", W/"1-0"'])
async def test_another_version_or_a_weak_tag_will_not(client: httpx.AsyncClient, tags: str) -> None:
    refusal(await client.patch(await line(client), json=CHANGES[line], headers={"if-match": tags}), 412)


@pytest.mark.parametrize("tags", ["1", '"1', '"1" "2"', "", '"a b"', '"1",'])
async def test_tags_of_another_form_are_malformed(client: httpx.AsyncClient, tags: str) -> None:
    address = await line(client)
    refusal(await client.patch(address, json=CHANGES[line], headers={"if-match": tags}), 400)
    refusal(await client.get(address, headers={"if-none-match": tags}), 400)


async def test_a_deed_that_knows_no_versions_is_not_done_for_who_expects_one(client: httpx.AsyncClient) -> None:
    counts = f"{await line(client)}/counts"
    refusal(await client.post(counts, json={"good": 1}, headers={"if-match": "*"}), 400)
    assert good(await client.get(counts, headers={"if-match": "*"}))["count"] == 0


@each_thing
async def test_who_has_the_present_answer_already_is_not_sent_it_again(client: httpx.AsyncClient, thing: Thing) -> None:
    address = await thing(client)
    tag = await seen(client, address)
    for known in (tag, f"W/{tag}", f'"9", {tag}', "*"):
        answer = await client.get(address, headers={"if-none-match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    good(await client.patch(address, json=CHANGES[thing]))
    assert (await client.get(address, headers={"if-none-match": tag})).status_code == 200


async def test_a_reading_is_news_of_its_sensor_but_no_change_of_it(client: httpx.AsyncClient) -> None:
    made = await make.sensor(client)
    address = f"{make.PLANT}/sensors/{made['id']}"
    tag = await seen(client, address)
    await make.store(client, made["id"], {0: 1.5})
    assert (await client.get(address, headers={"if-none-match": tag})).status_code == 200
    good(await client.patch(address, json={"name": "New"}, headers={"if-match": tag}))


async def test_a_list_bears_no_tag(client: httpx.AsyncClient) -> None:
    assert "etag" not in (await client.get(f"{make.PLANT}/lines")).headers
