"""Answers: each is counted once, at whatever time and from wherever it comes, or refused with a reason."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.queries import responses as queries
from foodflow.live.rules.activity_states import ActivityState
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.usecases import responses
from tests.live import make_rows as make
from tests.live.make_rows import codes, stored, vote


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """Every statement that is sent to the database."""
    sent: list[str] = []

    def note(*context: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        sent.append(context[2])

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


async def poll_of(database: Database, actor: Actor, count: int) -> tuple[LiveActivity, list[int]]:
    """An open poll, and participants of its session."""
    async with tenant_transaction(database, actor) as session:
        live = await make.live_session(session)
        return await make.activity(session, live), await make.people(session, live, count)


async def tally(database: Database, actor: Actor, poll: LiveActivity) -> dict[str, int]:
    async with tenant_transaction(database, actor) as session:
        return await make.tally(session, poll.id)


async def test_a_vote_is_kept_as_its_kind_keeps_it_and_counted(session: AsyncSession) -> None:
    live = await make.live_session(session)
    poll, [ann] = await make.activity(session, live), await make.people(session, live, 1)
    outcome = stored((await responses.record(session, poll, [vote(ann, "A")]))[0])
    assert (outcome.status, outcome.is_correct, outcome.points) == ("approved", None, 0)
    assert await make.tally(session, poll.id) == {"responses": 1, "option:A": 1, "participants": 1}
    [row] = await make.rows_of(session, poll.id)
    assert (row.id, row.participant_id, row.is_counted) == (outcome.response_id, ann, True)
    assert row.response_data == outcome.data
    assert row.response_data["selected_options"] == ["A"]


async def test_a_vote_that_is_sent_again_is_told_the_same_and_not_counted_twice(session: AsyncSession) -> None:
    live = await make.live_session(session)
    poll, [ann] = await make.activity(session, live), await make.people(session, live, 1)
    sent = vote(ann, "A")
    first = await responses.record(session, poll, [sent, sent])
    poll.state = ActivityState.EXPIRED
    await session.flush()
    again = await responses.record(session, poll, [sent])
    assert first == [again[0], again[0]]
    assert await make.tally(session, poll.id) == {"responses": 1, "option:A": 1, "participants": 1}
    assert len(await make.rows_of(session, poll.id)) == 1


async def test_a_changed_vote_takes_the_place_of_the_former(session: AsyncSession) -> None:
    live = await make.live_session(session)
    poll, [ann, ben] = await make.activity(session, live), await make.people(session, live, 2)
    await responses.record(session, poll, [vote(ann, "A"), vote(ben, "A")])
    assert codes(await responses.record(session, poll, [vote(ann, "B")])) == ["approved"]
    expected = {"responses": 2, "option:A": 1, "option:B": 1, "participants": 2}
    assert await make.tally(session, poll.id) == expected
    kept = [(row.participant_id, row.is_counted) for row in await make.rows_of(session, poll.id)]
    assert kept == [(ann, False), (ben, True), (ann, True)]


async def test_of_two_votes_in_one_batch_the_later_counts(session: AsyncSession) -> None:
    live = await make.live_session(session)
    poll, [ann] = await make.activity(session, live), await make.people(session, live, 1)
    outcomes = await responses.record(session, poll, [vote(ann, "A"), vote(ann, "B"), vote(ann, "C")])
    assert codes(outcomes) == ["approved"] * 3
    assert await make.tally(session, poll.id) == {"responses": 1, "option:C": 1, "participants": 1}
    assert [row.is_counted for row in await make.rows_of(session, poll.id)] == [False, False, True]


async def test_what_is_refused_leaves_the_rest_of_its_batch_alone(session: AsyncSession) -> None:
    live, other = await make.live_session(session), await make.live_session(session)
    poll, [ann, ben] = await make.activity(session, live), await make.people(session, live, 2)
    [stranger] = await make.people(session, other, 1)
    [gone] = await make.people(session, live, 1, removed_at=clock.now())
    batch = [
        vote(ann, "A"),
        vote(ann, "D"),
        vote(stranger, "A"),
        vote(2**40, "A"),
        vote(gone, "A"),
        make.submission(ann, {"selected_options": ["A\0"]}),
        make.submission(ann, {"selected_options": ["A"], "note": "\ud800"}),
        make.submission(ann, {"selected_options": ["A"], "note": float("nan")}),
        make.submission(ann, {"selected_options": ["A"], "note": "x" * 70_000}),
        make.submission(ann, {"selected_options": "A"}),
        vote(ben, "B"),
    ]
    assert codes(await responses.record(session, poll, batch)) == [
        "approved",
        "live.response.invalid",
        "live.participant.unknown",
        "live.participant.unknown",
        "live.participant.removed",
        "live.response.unstorable",
        "live.response.unstorable",
        "live.response.unstorable",
        "live.response.too_large",
        "live.response.invalid",
        "approved",
    ]
    expected = {"responses": 2, "option:A": 1, "option:B": 1, "participants": 2}
    assert await make.tally(session, poll.id) == expected


async def test_an_id_that_another_response_bears_is_refused(session: AsyncSession) -> None:
    live = await make.live_session(session)
    poll, [ann, ben] = await make.activity(session, live), await make.people(session, live, 2)
    other = await make.activity(session, live)
    mine = vote(ann, "A")
    await responses.record(session, poll, [mine])
    assert codes(await responses.record(session, poll, [vote(ben, "B", id=mine.response_id)])) == [
        "live.response.id_taken"
    ]
    assert codes(await responses.record(session, other, [mine])) == ["live.response.id_taken"]
    assert await make.tally(session, poll.id) == {"responses": 1, "option:A": 1, "participants": 1}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"state": ActivityState.DRAFT}, "live.activity.not_open"),
        ({"state": ActivityState.EXPIRED}, "live.activity.not_open"),
        ({"type": "of clients"}, "live.activity.kind_unknown"),
        ({"config": {}}, "live.activity.kind_unknown"),
    ],
    ids=["draft", "over", "another type", "not set up"],
)
async def test_an_activity_that_takes_no_answers_refuses_them(
    session: AsyncSession, fields: dict[str, Any], code: str
) -> None:
    live = await make.live_session(session)
    poll, [ann] = await make.activity(session, live, **fields), await make.people(session, live, 1)
    assert codes(await responses.record(session, poll, [vote(ann, "A")])) == [code]
    assert await make.rows_of(session, poll.id) == []


@pytest.mark.parametrize("end", ["closes_at", "expires_at"])
async def test_an_answer_may_arrive_half_a_second_late(session: AsyncSession, end: str) -> None:
    live, now = await make.live_session(session), clock.now()
    poll, [ann] = await make.activity(session, live), await make.people(session, live, 1)
    setattr(poll, end, now)
    await session.flush()
    late = [vote(ann, "A", at=now + timedelta(seconds=seconds)) for seconds in (-1, 0.5, 0.51)]
    assert codes(await responses.record(session, poll, late)) == ["approved", "approved", "live.activity.not_open"]
    poll.is_revealed = True
    await session.flush()
    late = [vote(ann, "A", at=now + timedelta(seconds=seconds)) for seconds in (0, 0.1)]
    assert codes(await responses.record(session, poll, late)) == ["approved", "live.activity.not_open"]


async def test_a_thousand_answers_take_as_many_statements_as_one(
    database: Database, demo: Actor, statements: list[str]
) -> None:
    poll, [ann, *others] = await poll_of(database, demo, 1001)
    counts = []
    for some in ([ann], others):
        statements.clear()
        told = await make.record(database, demo, poll, *(vote(each, "A") for each in some))
        assert set(codes(told)) == {"approved"}
        counts.append(len(statements))
    assert counts == [9, 9]
    assert await tally(database, demo, poll) == {"responses": 1001, "option:A": 1001, "participants": 1001}


async def test_many_at_once_lose_nothing_and_count_nothing_twice(database: Database, demo: Actor) -> None:
    """Batches that overlap in participants and ids, in every order, as several processes would send them."""
    poll, people = await poll_of(database, demo, 60)
    votes = [vote(each, "ABC"[number % 3]) for number, each in enumerate(people)]
    batches = [votes[start:] + votes[:start] for start in range(0, 60, 5)]
    batches += [list(reversed(batch)) for batch in batches]
    told = await asyncio.gather(*(make.record(database, demo, poll, *batch) for batch in batches))
    by_id = {each.response_id: each for outcomes in told for each in outcomes}
    assert all(by_id[each.response_id] == each for outcomes in told for each in outcomes)
    assert await tally(database, demo, poll) == {
        "responses": 60,
        "option:A": 20,
        "option:B": 20,
        "option:C": 20,
        "participants": 60,
    }


async def test_votes_that_are_changed_at_the_same_time_are_counted_as_they_stand(
    database: Database, demo: Actor
) -> None:
    poll, people = await poll_of(database, demo, 10)
    orders = [people, people[::-1], people[5:] + people[:5]]
    batches = [
        [vote(each, "ABC"[(turn + number) % 3]) for each in orders[number]] for turn in range(8) for number in range(3)
    ]
    await asyncio.gather(*(make.record(database, demo, poll, *batch) for batch in batches))
    async with tenant_transaction(database, demo) as session:
        rows = await make.rows_of(session, poll.id)
        standing = Counter(row.response_data["selected_options"][0] for row in rows if row.is_counted)
        expected = {"responses": 10, "participants": 10} | {f"option:{key}": n for key, n in standing.items()}
        assert await make.tally(session, poll.id) == expected
    assert len(rows) == 240
    assert Counter(row.participant_id for row in rows if row.is_counted) == dict.fromkeys(people, 1)


async def test_one_id_of_two_participants_at_once_is_the_first_ones(database: Database, demo: Actor) -> None:
    """Also where each would take the place of a former vote, which then stands as before."""
    poll, people = await poll_of(database, demo, 4)
    await make.record(database, demo, poll, *(vote(each, "A") for each in people))
    contested = vote(people[0], "B")
    rivals = [vote(each, "B", id=contested.response_id) for each in people]
    told = await asyncio.gather(
        *(make.record(database, demo, poll, rival, vote(rival.participant_id, "A")) for rival in rivals)
    )
    assert sorted(codes([first for first, _ in told])) == ["approved", *["live.response.id_taken"] * 3]
    expected = {"responses": 4, "option:A": 4, "participants": 4}
    assert await tally(database, demo, poll) == expected


async def test_closing_waits_for_the_answers_that_are_being_taken(database: Database, demo: Actor) -> None:
    poll, people = await poll_of(database, demo, 40)

    async def close() -> None:
        async with tenant_transaction(database, demo) as session:
            row = await session.get(LiveActivity, poll.id, with_for_update=True)
            assert row is not None
            row.state = ActivityState.EXPIRED

    voting = [make.record(database, demo, poll, vote(each, "A")) for each in people]
    told = await asyncio.gather(*voting[:20], close(), *voting[20:])
    taken = [code for each in told if each is not None for code in codes(each)].count("approved")
    counted = await tally(database, demo, poll)
    assert counted.get("responses", 0) == taken
    assert codes(await make.record(database, demo, poll, vote(people[0], "B"))) == ["live.activity.not_open"]


@pytest.fixture
async def another_process(database: Database) -> AsyncIterator[Database]:
    """The database as a second process reaches it."""
    another = Database(database.url)
    yield another
    await another.close()


async def test_an_activity_closes_while_votes_do_not_cease(
    database: Database, another_process: Database, demo: Actor
) -> None:
    poll, people = await poll_of(database, demo, 11)
    begun = asyncio.Event()

    async def vote_until_refused(participant: int) -> int:
        count = 0
        process = another_process if participant % 2 else database
        while codes(await make.record(process, demo, poll, vote(participant, "A"))) == ["approved"]:
            count += 1
            begun.set()
        return count

    async def close() -> None:
        await begun.wait()
        async with tenant_transaction(database, demo) as session:
            await queries.lock_session(session, poll.session_id)
            row = await session.get(LiveActivity, poll.id, with_for_update=True)
            assert row is not None
            row.state = ActivityState.EXPIRED

    closing = asyncio.create_task(close())
    taken = await asyncio.gather(*map(vote_until_refused, people))
    await closing
    async with tenant_transaction(database, demo) as session:
        assert len(await make.rows_of(session, poll.id)) == sum(taken) > 0


async def test_the_same_votes_in_another_company_are_its_own(database: Database, demo: Actor, akron: Actor) -> None:
    poll, people = await poll_of(database, demo, 1)
    theirs, _ = await poll_of(database, akron, 0)
    assert codes(await make.record(database, akron, poll, vote(people[0], "A"))) == ["live.activity.unknown"]
    assert codes(await make.record(database, akron, theirs, vote(people[0] + 1000, "A"))) == [
        "live.participant.unknown"
    ]
    assert await tally(database, demo, poll) == {}
