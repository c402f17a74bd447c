"""Corrections by a facilitator: what counts follows what is kept."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.rules.activity_states import ActivityState
from foodflow.live.rules.moderation import ResponseNotFound
from foodflow.live.usecases import corrections, responses
from tests.live import make_rows as make


async def test_a_corrected_response_counts_as_it_is_now(session: AsyncSession, demo: Actor) -> None:
    live = await make.live_session(session)
    poll, [ann] = await make.activity(session, live), await make.people(session, live, 1)
    sent = make.vote(ann, "A")
    await responses.record(session, poll, [sent])
    poll.state = ActivityState.EXPIRED
    row = await corrections.correct(session, demo, sent.response_id, data={"selected_options": ["B"]})
    assert row.response_data["selected_options"] == ["B"]
    assert row.updated_at > row.created_at
    assert await make.tally(session, poll.id) == {"responses": 1, "option:B": 1, "participants": 1}


async def test_what_no_kind_reads_is_kept_as_it_was_sent_and_counts_for_nothing(
    session: AsyncSession, demo: Actor
) -> None:
    live = await make.live_session(session)
    poll, [ann] = await make.activity(session, live), await make.people(session, live, 1)
    sent = make.vote(ann, "A")
    await responses.record(session, poll, [sent])
    row = await corrections.correct(session, demo, sent.response_id, data={"note": "spoilt"})
    assert (row.response_data, row.is_counted) == ({"note": "spoilt"}, False)
    assert await make.tally(session, poll.id) == {}
    row = await corrections.correct(session, demo, sent.response_id, data={"selected_options": ["C"]})
    assert row.is_counted
    assert await make.tally(session, poll.id) == {"responses": 1, "option:C": 1, "participants": 1}


async def test_a_replaced_response_does_not_come_back_by_being_corrected(session: AsyncSession, demo: Actor) -> None:
    live = await make.live_session(session)
    poll, [ann] = await make.activity(session, live), await make.people(session, live, 1)
    first, second = make.vote(ann, "A"), make.vote(ann, "B")
    await responses.record(session, poll, [first, second])
    row = await corrections.correct(session, demo, first.response_id, data={"selected_options": ["C"]})
    assert not row.is_counted
    assert await make.tally(session, poll.id) == {"responses": 1, "option:B": 1, "participants": 1}


async def test_a_deleted_response_counts_no_longer(session: AsyncSession, demo: Actor) -> None:
    live = await make.live_session(session)
    poll, [ann, ben] = await make.activity(session, live), await make.people(session, live, 2)
    sent = make.vote(ann, "A")
    await responses.record(session, poll, [sent, make.vote(ben, "A")])
    await corrections.delete(session, demo, sent.response_id)
    assert await make.tally(session, poll.id) == {"responses": 1, "option:A": 1, "participants": 1}
    with pytest.raises(ResponseNotFound):
        await corrections.delete(session, demo, sent.response_id)


async def test_cleared_answers_stay_kept_and_everybody_answers_anew(session: AsyncSession, demo: Actor) -> None:
    live = await make.live_session(session)
    cards = {"story": "Cut the changeover"}
    poker = await make.activity(session, live, cards, type="planning_poker")
    [ann] = await make.people(session, live, 1)
    sent = make.submission(ann, {"card": "8"})
    await responses.record(session, poker, [sent])
    poker.is_revealed, poker.closes_at = True, clock.now()
    await session.flush()
    cleared = await corrections.clear(session, demo, poker.id, open_question_only=False)
    assert not cleared.is_revealed
    assert cleared.closes_at is None
    assert await make.tally(session, poker.id) == {}
    assert [row.is_counted for row in await make.rows_of(session, poker.id)] == [False]
    assert make.codes(await responses.record(session, poker, [sent])) == ["approved"]
    assert await make.tally(session, poker.id) == {}
    assert make.codes(await responses.record(session, poker, [make.submission(ann, {"card": "5"})])) == ["approved"]
    assert await make.tally(session, poker.id) == {"responses": 1, "card:5": 1, "participants": 1}


async def test_what_a_facilitator_does_to_answers_is_written_down(database: Database, demo: Actor) -> None:
    async with tenant_transaction(database, demo) as session:
        live = await make.live_session(session)
        poll, [ann] = await make.activity(session, live), await make.people(session, live, 1)
    sent = make.vote(ann, "A")
    await make.record(database, demo, poll, sent)
    async with tenant_transaction(database, demo) as session:
        await corrections.correct(session, demo, sent.response_id, data={"selected_options": ["B"]})
        await corrections.delete(session, demo, sent.response_id)
        await corrections.clear(session, demo, poll.id, open_question_only=True)
    async with tenant_transaction(database, demo) as session:
        trail = text("SELECT action FROM audit_entries WHERE subject = ANY(:ids) ORDER BY sequence")
        said = (await session.scalars(trail, {"ids": [str(sent.response_id), str(poll.id)]})).all()
    assert said == ["live_response.corrected", "live_response.deleted", "live_activity.cleared"]


async def test_counting_anew_follows_another_configuration(session: AsyncSession) -> None:
    live = await make.live_session(session)
    quiz = {"questions": [{"kind": "single", "text": "1 + 1", "options": ["1", "2"], "solution": "1"}]}
    wrong = await make.activity(session, live, quiz, type="quiz")
    [ann] = await make.people(session, live, 1)
    await responses.record(session, wrong, [make.submission(ann, {"question": 0, "choice": "2"})])
    assert "q0:correct" not in await make.tally(session, wrong.id)
    wrong.config = {"questions": [{**quiz["questions"][0], "solution": "2"}]}
    await session.flush()
    await responses.recount(session, wrong)
    assert (await make.tally(session, wrong.id))["q0:correct"] == 1
