"""Coming in: hundreds at once, under names of their own, as many as may, and again under the same one."""

import asyncio
from io import BytesIO
from typing import Any, Final

import httpx
import pytest
import segno
from fastapi import FastAPI

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.tables.participants import LiveParticipant
from tests.live.make import bearing, begun, joined, of, participants, session, turns

AT_ONCE: Final = 50
OF_ONE_NAME: Final = 20
COLUMNS: Final = [column.name for column in LiveParticipant.__table__.columns if column.name != "id"]


async def come_in(client: httpx.AsyncClient, id: int, nickname: str) -> httpx.Response:
    return await client.post(of(id, "/join"), json={"nickname": nickname})


@pytest.mark.parametrize("alike", ["Ann", ""], ids=["one name for all", "a name each"])
async def test_of_fifty_who_come_at_once_as_many_come_in_as_may(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, alike: str
) -> None:
    made = await session(client, max_participants=10)
    names = [alike or f"Guest {number}" for number in range(AT_ONCE)]
    answers = await asyncio.gather(*(come_in(anonymous_client, made["id"], name) for name in names))
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [400] * 40
    assert {answer.json()["detail"] for answer in answers if answer.status_code == 400} == {"Session is full"}
    found = await participants(client, made["id"])
    assert len({each["nickname"] for each in found}) == len({each["participant_id"] for each in found}) == 10
    assert (await client.get(of(made["id"]))).json()["participant_count"] == 10


async def test_all_who_come_at_once_under_one_name_get_one_each(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await session(client)
    answers = await asyncio.gather(*(come_in(anonymous_client, made["id"], "Ann") for _ in range(OF_ONE_NAME)))
    assert {answer.status_code for answer in answers} == {200}
    names = {answer.json()["nickname"] for answer in answers}
    assert names == {"Ann", *(f"Ann{number}" for number in range(1, OF_ONE_NAME))}


async def test_the_hundred_and_first_of_one_name_is_refused(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database: Database, demo: Actor
) -> None:
    made = await session(client, max_participants=1000)
    first = await joined(anonymous_client, made["id"], "Ann")
    async with tenant_transaction(database, demo) as transaction:
        place = await transaction.get_one(LiveParticipant, int(first["participant_id"]))
        alike = {name: getattr(place, name) for name in COLUMNS}
        transaction.add_all(LiveParticipant(**alike | {"nickname": f"Ann{number}"}) for number in range(1, 99))
    answers = await asyncio.gather(*(come_in(anonymous_client, made["id"], "Ann") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400]
    assert {answer.json().get("code") for answer in answers} == {None, "live.nickname.taken"}
    assert [answer.json()["nickname"] for answer in answers if answer.status_code == 200] == ["Ann99"]


async def test_who_changes_their_mind_while_a_session_ends_is_counted_or_refused(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await begun(client)
    coming = [come_in(anonymous_client, made["id"], f"Guest {number}") for number in range(20)]
    *answers, ended = await asyncio.gather(*coming, client.post(of(made["id"], "/complete")))
    assert ended.status_code == 200
    inside = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 400}
    assert len(await participants(client, made["id"])) == len(inside)


async def test_a_guest_sees_a_session_without_its_codes(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await session(client)
    seen = (await anonymous_client.get(of(made["id"]))).json()
    assert (seen["title"], seen["qr_code"], seen["admin_code"]) == (made["title"], None, None)
    by_code = await anonymous_client.get(of(f"code/{made['admin_code']}"), params={"code_type": "admin"})
    assert (by_code.json()["qr_code"], by_code.json()["admin_code"]) == (None, None)


async def test_a_guest_comes_in_by_the_join_code_however_it_is_typed(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await session(client)
    typed = {"code": f" {made['qr_code'].lower()} ", "nickname": "Ann"}
    answer = await anonymous_client.post(of("join"), json=typed)
    assert (answer.status_code, answer.json()["session_state"]["session_id"]) == (200, made["id"])
    wrong = await anonymous_client.post(of("join"), json=typed | {"code": "00000000"})
    assert (wrong.status_code, wrong.json()["detail"]) == (404, "Session not found")


async def test_a_token_leads_back_to_ones_own_place(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await session(client, max_participants=1)
    place = await joined(anonymous_client, made["id"], "Ann")
    again = await anonymous_client.post(of(made["id"], "/join"), json={"nickname": "Ben"}, headers=bearing(place))
    said = ("participant_id", "nickname", "participant_token")
    assert {name: again.json()[name] for name in said} == {name: place[name] for name in said}
    assert again.json()["session_state"]["participant_count"] == 1


async def test_a_token_of_another_session_is_no_place_in_this_one(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    first, second = await session(client), await session(client)
    place = await joined(anonymous_client, first["id"], "Ann")
    other = await anonymous_client.post(of(second["id"], "/join"), json={"nickname": "Ann"}, headers=bearing(place))
    assert (other.status_code, other.json()["participant_id"] == place["participant_id"]) == (200, False)


async def test_who_is_signed_in_has_one_place_if_they_want_it_back(client: httpx.AsyncClient) -> None:
    made = await session(client)
    first = await joined(client, made["id"], "Ann")
    again = await asyncio.gather(*(joined(client, made["id"], "Ben", resumes=True) for _ in range(5)))
    assert {each["participant_id"] for each in again} == {first["participant_id"]}
    another = await joined(client, made["id"], "Ben")
    assert another["participant_id"] != first["participant_id"]


async def test_who_was_sent_out_is_let_in_again_by_a_facilitator_alone(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await session(client)
    place = await joined(anonymous_client, made["id"])
    path = f"/api/v1/participants/{place['participant_id']}"
    again: dict[str, Any] = {"json": {"nickname": "Ann"}, "headers": bearing(place)}
    for _ in range(2):
        assert (await client.delete(path)).status_code == 200
    refused = await anonymous_client.post(of(made["id"], "/join"), **again)
    assert (refused.status_code, refused.json()["code"]) == (409, "live.participant.removed")
    beat = await anonymous_client.post(f"{path}/heartbeat", json={}, headers=bearing(place))
    assert (beat.status_code, beat.json()["code"]) == (409, "live.participant.removed")
    (gone,) = (await client.get(of(made["id"], "/participants/removed"))).json()["participants"]
    assert (gone["participant_id"], gone["by_themselves"]) == (place["participant_id"], False)
    for _ in range(2):
        assert (await client.post(f"{path}/readmit")).json()["nickname"] == "Ann"
    assert (await anonymous_client.post(of(made["id"], "/join"), **again)).status_code == 200
    assert (await client.get(of(made["id"]))).json()["participant_count"] == 1
    assert await turns(client, made["id"]) == ["participant.removed", "participant.readmitted"]


async def test_who_has_left_comes_back_while_there_is_room(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await session(client, max_participants=1)
    place = await joined(anonymous_client, made["id"], "Ann")
    path = f"/api/v1/participants/{place['participant_id']}"
    assert (await anonymous_client.delete(path, headers=bearing(place))).status_code == 200
    other = await joined(anonymous_client, made["id"], "Ben")
    again: dict[str, Any] = {"json": {"nickname": "Ann"}, "headers": bearing(place)}
    full = await anonymous_client.post(of(made["id"], "/join"), **again)
    assert (full.status_code, full.json()["detail"]) == (400, "Session is full")
    await anonymous_client.delete(f"/api/v1/participants/{other['participant_id']}", headers=bearing(other))
    back = (await anonymous_client.post(of(made["id"], "/join"), **again)).json()
    assert (back["participant_id"], back["session_state"]["participant_count"]) == (place["participant_id"], 1)


async def test_nobody_acts_for_somebody_elses_place(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await session(client)
    ann, ben = [await joined(anonymous_client, made["id"], name) for name in ("Ann", "Ben")]
    path = f"/api/v1/participants/{ann['participant_id']}"
    answers = [
        await anonymous_client.delete(path, headers=bearing(ben)),
        await anonymous_client.post(f"{path}/heartbeat", json={}, headers=bearing(ben)),
        await anonymous_client.get(
            of(made["id"], f"/participants/{ann['participant_id']}/responses"), headers=bearing(ben)
        ),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert (await anonymous_client.delete(path)).status_code == 401
    assert (await anonymous_client.post(f"{path}/readmit", headers=bearing(ben))).status_code == 403


async def test_a_participant_reads_their_own_responses(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await session(client)
    ann = await joined(anonymous_client, made["id"])
    path = of(made["id"], f"/participants/{ann['participant_id']}/responses")
    answer = await anonymous_client.get(path, headers=bearing(ann))
    assert (answer.status_code, answer.json()) == (200, [])


async def test_a_session_for_members_lets_in_nobody_from_outside(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await session(client, admission="members")
    paths = ["", "/status", "/participants", "/activities", "/activities/active", "/nicknames/validate?nickname=Ann"]
    answers = [await anonymous_client.get(of(made["id"], path)) for path in paths]
    answers += [
        await come_in(anonymous_client, made["id"], "Ann"),
        await anonymous_client.get(of(f"code/{made['qr_code']}")),
        await anonymous_client.post(of("join"), json={"code": made["qr_code"], "nickname": "Ann"}),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "live.session.members_only")}
    place = await joined(client, made["id"])
    assert (await anonymous_client.get(of(made["id"]), headers=bearing(place))).status_code == 200


async def test_nobody_comes_late_where_that_is_not_allowed(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await session(client, allows_late_join=False)
    early = await joined(anonymous_client, made["id"], "Ann")
    await client.post(of(made["id"], "/start"))
    late = await come_in(anonymous_client, made["id"], "Ben")
    assert (late.status_code, late.json()["code"]) == (400, "live.session.closed")
    again = await anonymous_client.post(of(made["id"], "/join"), json={"nickname": "A"}, headers=bearing(early))
    assert again.json()["participant_id"] == early["participant_id"]


async def test_a_session_that_is_over_is_not_joined(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await begun(client)
    await client.post(of(made["id"], "/complete"))
    over = await come_in(anonymous_client, made["id"], "Ann")
    assert (over.status_code, over.json()["code"]) == (400, "live.session.closed")


async def test_a_nickname_that_is_not_fit_is_refused_by_its_name(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await session(client)
    answer = await come_in(anonymous_client, made["id"], "sh1t")
    assert (answer.status_code, answer.json()["code"]) == (422, "live.nickname.unfit")
    assert answer.json()["detail"][0]["loc"] == ["body", "nickname"]
    assert answer.json()["errors"][0]["field"] == "nickname"
    path = of(made["id"], "/nicknames/validate")
    said = (await anonymous_client.get(path, params={"nickname": "sh1t"})).json()
    assert said == {"available": False, "suggested_nickname": "Guest 1"}


async def test_a_session_may_do_without_the_filter(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await session(client, filters_nicknames=False)
    assert (await joined(anonymous_client, made["id"], "sh1t"))["nickname"] == "sh1t"


async def test_a_guest_is_not_answered_what_another_was(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await session(client)
    key = {"Idempotency-Key": "join"}
    ways = [
        await anonymous_client.post(of(made["id"], "/join"), json={"nickname": "Ann"}, headers=key) for _ in range(2)
    ]
    assert len({answer.json()["participant_token"] for answer in ways}) == 2


async def test_a_session_of_another_company_is_not_found(
    client: httpx.AsyncClient, akron_client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await session(akron_client)
    code = of(f"code/{made['qr_code']}")
    assert (await client.get(code)).status_code == (await anonymous_client.get(code)).status_code == 404
    theirs = await anonymous_client.get(code, headers={"X-Tenant": "akron"})
    assert theirs.json()["id"] == made["id"]
    place = await joined(anonymous_client, (await session(client))["id"])
    other = await anonymous_client.get(code, headers=bearing(place) | {"X-Tenant": "akron"})
    assert other.status_code == 403


async def test_the_qr_code_leads_to_the_page_for_joining(client: httpx.AsyncClient, app: FastAPI) -> None:
    made = await session(client)
    answer = await client.get(of(made["id"], "/qr.svg"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    expected = BytesIO()
    address = f"{app.state.settings.public_url}/join/{made['qr_code']}"
    segno.make(address, error="m", micro=False).save(expected, kind="svg", scale=8, border=4)
    assert answer.content == expected.getvalue()
