"""Everybody in a session sees the same at the same time, and what they answer is stored before they are told so."""

import asyncio
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.live.sockets.conftest import HeadersOf
from tests.live.sockets.make import API, PATIENCE, Room, Seated, good

YES, NO = {"selected_options": ["yes"]}, {"selected_options": ["no"]}


async def test_who_comes_is_told_where_the_session_stands_and_who_they_are(room: Room) -> None:
    place = await room.join()
    ann = await room.sit(place)
    told = await ann.next("state")
    assert told["state"]["session"]["title"] == "Hand-over"
    assert told["state"]["session"]["status"] == "active"
    assert told["state"]["activity"] is None
    assert (told["you"]["participant_id"], told["you"]["nickname"]) == (place.id, place.nickname)
    assert ann.connection.subprotocol == "foodflow"


async def test_a_facilitators_deed_reaches_everybody_with_the_same_number(room: Room, headers_of: HeadersOf) -> None:
    seated = [await room.sit(await room.join()) for _ in range(3)]
    leader = await room.lead(headers_of("supervisor"))
    for each in (*seated, leader):
        await each.next("state")
    await room.do("open")
    turns = [await each.turn("activity.opened") for each in (*seated, leader)]
    assert len({turn["sequence"] for turn in turns}) == 1
    assert all(turn["state"]["activity"]["id"] == room.activity_id for turn in turns)
    assert {turn["state"]["activity"]["state"] for turn in turns} == {"active"}


async def test_an_answer_is_stored_when_it_is_acknowledged(room: Room) -> None:
    place = await room.join()
    ann = await room.sit(place)
    await room.do("open")
    key = str(uuid4())
    assert (await ann.answer(room.activity_id, YES, key))["type"] == "ack"
    path = f"{API}/sessions/{room.id}/activities/{room.activity_id}/responses"
    stored = good(await room.web.get(path))["responses"]
    assert [(each["id"], each["participant_id"]) for each in stored] == [(key, place.id)]


async def test_an_answer_that_is_sent_again_with_its_key_counts_once(room: Room) -> None:
    ann = await room.sit(await room.join())
    await room.do("open")
    key = str(uuid4())
    assert [(await ann.answer(room.activity_id, YES, key))["type"] for _ in range(3)] == ["ack"] * 3
    assert await counts(room) == {"yes": 1, "no": 0}


async def test_a_changed_mind_counts_once(room: Room) -> None:
    ann = await room.sit(await room.join())
    await room.do("open")
    await ann.answer(room.activity_id, YES)
    await ann.answer(room.activity_id, NO)
    assert await counts(room) == {"yes": 0, "no": 1}


async def test_two_devices_of_one_participant_have_one_vote(room: Room) -> None:
    place = await room.join()
    phone, tablet = await room.sit(place), await room.sit(place)
    await room.do("open")
    await asyncio.gather(phone.answer(room.activity_id, YES), tablet.answer(room.activity_id, NO))
    assert sum((await counts(room)).values()) == 1


async def test_results_are_hidden_until_they_are_shown(room: Room, headers_of: HeadersOf) -> None:
    ann, leader = await room.sit(await room.join()), await room.lead(headers_of("supervisor"))
    await room.do("open")
    await ann.answer(room.activity_id, YES)
    seen = await leader.next("results")
    assert seen["results"]["vote_counts"] == {"yes": 1, "no": 0}
    await room.do("show-results")
    shown = await ann.turn("results.shown")
    assert shown["state"]["results"]["vote_counts"] == {"yes": 1, "no": 0}
    before = [frame for frame in ann.heard if frame is not shown]
    assert not [frame for frame in before if frame["type"] == "results" or frame.get("state", {}).get("results")]


async def test_who_comes_back_is_told_what_they_missed_and_has_not_lost_themselves(room: Room) -> None:
    place = await room.join()
    ann = await room.sit(place)
    await room.do("open")
    seen = (await ann.turn("activity.opened"))["sequence"]
    await ann.answer(room.activity_id, YES)
    await ann.connection.close()
    await room.do("show-results")
    await room.do("close")
    again = await room.sit(place, after=seen)
    missed = [await again.next("turn") for _ in range(2)]
    assert [turn["turn"] for turn in missed] == ["results.shown", "activity.closed"]
    assert [turn["sequence"] for turn in missed] == [seen + 1, seen + 2]
    await again.say(type="sync")
    told = await again.next("state")
    assert told["you"]["participant_id"] == place.id
    assert told["you"]["nickname"] == place.nickname
    assert told["sequence"] in {seen, seen + 2}


async def test_own_answers_are_there_again_after_a_reload(room: Room) -> None:
    place = await room.join()
    await room.do("open")
    ann = await room.sit(place)
    await ann.answer(room.activity_id, YES)
    again = await room.sit(place)
    responses = (await again.next("state"))["you"]["responses"]
    assert [each["selected_options"] for each in responses.values()] == [["yes"]]


async def test_who_is_removed_is_told_so_and_stays_out_until_let_back_in(room: Room) -> None:
    place, other = await room.join(), await room.join()
    ann, ben = await room.sit(place), await room.sit(other)
    await ann.next("state")
    good(await room.web.delete(f"{API}/participants/{place.id}"))
    await ann.next("removed")
    with pytest.raises(ConnectionClosed) as closed:
        await ann.next("state")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403
    with pytest.raises(InvalidStatus):
        await room.sit(place)
    good(await room.web.post(f"{API}/participants/{place.id}/readmit"))
    back = await room.sit(place)
    assert (await back.next("state"))["you"]["participant_id"] == place.id
    await room.do("open")
    assert (await ben.answer(room.activity_id, YES))["type"] == "ack"


async def test_a_closed_poll_takes_no_answer(room: Room) -> None:
    ann = await room.sit(await room.join())
    await room.do("open")
    await room.do("close")
    refused = await ann.answer(room.activity_id, YES)
    assert (refused["type"], refused["code"]) == ("refused", "live.activity.not_open")


async def test_an_answer_that_is_none_is_refused_and_the_connection_goes_on(room: Room) -> None:
    ann = await room.sit(await room.join())
    await room.do("open")
    refused = await ann.answer(room.activity_id, {"selected_options": ["perhaps"]})
    assert (refused["type"], refused["code"]) == ("refused", "live.response.invalid")
    assert (await ann.answer(room.activity_id, YES))["type"] == "ack"


async def test_an_activity_of_another_session_is_none_of_this_one(room: Room, web: httpx.AsyncClient) -> None:
    other = await Room.begin(room.host, web, room.held)
    await other.do("open")
    ann = await room.sit(await room.join())
    assert (await ann.answer(other.activity_id, YES))["type"] == "refused"


async def test_nobody_answers_faster_than_people_do(room: Room) -> None:
    ann = await room.sit(await room.join())
    await room.do("open")
    answers = [await ann.answer(room.activity_id, YES) for _ in range(31)]
    assert {each["type"] for each in answers[:30]} == {"ack"}
    assert answers[30]["code"] == "live.response.too_many"


@pytest.mark.parametrize("words", ["{", "[]", '{"type": 1}', '{"type":"respond","key":"x"}', "\x00"])
async def test_what_cannot_be_read_ends_the_connection(room: Room, words: str) -> None:
    ann = await room.sit(await room.join())
    await ann.connection.send(words)
    with pytest.raises(ConnectionClosed) as closed:
        await _until_closed(ann)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1003


async def test_without_a_token_nobody_sits_down(room: Room) -> None:
    for token in ("", "lp_demo.1.1.forged", "lp_", "x"):
        with pytest.raises(InvalidStatus):
            await room.open("", [Subprotocol("foodflow"), Subprotocol(f"token.{token}")])


async def test_a_place_in_one_session_is_none_in_another(room: Room, web: httpx.AsyncClient) -> None:
    other = await Room.begin(room.host, web, room.held)
    place = await other.join()
    with pytest.raises(InvalidStatus):
        await room.sit(place)


async def test_another_company_has_no_such_session(room: Room, headers_of: HeadersOf) -> None:
    with pytest.raises(InvalidStatus):
        await room.lead(headers_of("supervisor", "akron"))


async def test_only_who_may_lead_sees_what_is_hidden(room: Room, headers_of: HeadersOf) -> None:
    viewer = await room.lead(headers_of("viewer"), "facilitator")
    await room.do("open")
    ann = await room.sit(await room.join())
    await ann.answer(room.activity_id, YES)
    assert (await viewer.turn("activity.opened"))["state"]["results"] is None


async def test_the_projector_is_told_how_many_are_there(room: Room, headers_of: HeadersOf) -> None:
    projector = await room.lead(headers_of("viewer"), "projector")
    await projector.next("state")
    for _ in range(2):
        await room.sit(await room.join())
    told = await projector.next("presence")
    while told["online"] < 2:
        told = await projector.next("presence")
    assert (told["participants"], told["online"]) == (2, 2)


async def test_a_deleted_session_sends_everybody_away(room: Room) -> None:
    ann = await room.sit(await room.join())
    await ann.next("state")
    assert (await room.web.delete(f"{API}/sessions/{room.id}")).status_code == 204
    with pytest.raises(ConnectionClosed):
        await _until_closed(ann)


async def _until_closed(seated: Seated) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            await seated.connection.recv()


async def counts(room: Room) -> dict[str, int]:
    found = good(await room.web.get(f"{API}/activities/{room.activity_id}/results"))
    return dict(found["results"]["vote_counts"])
