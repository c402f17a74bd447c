"""Moderation: what waits counts for nothing until somebody lets it through."""

import asyncio
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.rules.moderation import NotListed, NotModerated, ResponseNotFound, Verdict
from foodflow.live.rules.results import Audience
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.usecases import moderating, responses, results
from tests.live import make_rows as make

QNA: Final = {"topic": "Line 3", "moderate_questions": True}
CLOUD: Final = {"prompt": "One word"}
_TRAIL = text("SELECT action FROM audit_entries WHERE subject = :id ORDER BY sequence")


def question(participant: int, said: str) -> Any:  # noqa: ANN401 - a submission
    return make.submission(participant, {"type": "question", "question_text": said})


async def waiting(
    session: AsyncSession, kind: str, config: dict[str, Any], data: dict[str, Any]
) -> tuple[LiveActivity, UUID]:
    """An activity, and an answer to it that waits."""
    live = await make.live_session(session)
    activity = await make.activity(session, live, config, type=kind)
    [ann] = await make.people(session, live, 1)
    outcome = make.stored((await responses.record(session, activity, [make.submission(ann, data)]))[0])
    assert outcome.status == "pending"
    return activity, outcome.response_id


async def turns(session: AsyncSession, activity: LiveActivity) -> list[tuple[str, dict[str, Any]]]:
    await session.flush()
    rows = await session.execute(
        text("SELECT type, data FROM live_turns WHERE session_id = :id ORDER BY sequence"), {"id": activity.session_id}
    )
    return [(row[0], row[1]) for row in rows]


async def test_what_waits_counts_when_it_is_let_through_and_no_longer_when_it_is_rejected(
    session: AsyncSession, demo: Actor
) -> None:
    cloud, id = await waiting(session, "word_cloud", CLOUD, {"words": ["salt"]})
    assert await make.tally(session, cloud.id) == {}
    row = await moderating.moderate(session, demo, id, Verdict.APPROVE)
    assert (row.status, row.response_data["status"]) == ("approved", "approved")
    expected = {"submissions": 1, "words": 1, "word:salt": 1, "participants": 1}
    assert await make.tally(session, cloud.id) == expected
    await moderating.moderate(session, demo, id, Verdict.REJECT)
    assert await make.tally(session, cloud.id) == {}
    await moderating.moderate(session, demo, id, Verdict.APPROVE)
    assert await make.tally(session, cloud.id) == expected


async def test_each_verdict_is_a_turn_and_the_same_again_is_none(session: AsyncSession, demo: Actor) -> None:
    cloud, id = await waiting(session, "word_cloud", CLOUD, {"words": ["salt"]})
    for verdict in (Verdict.APPROVE, Verdict.APPROVE, Verdict.REJECT):
        await moderating.moderate(session, demo, id, verdict)
    told = {"response_id": str(id), "activity_id": str(cloud.id)}
    assert await turns(session, cloud) == [
        ("response.moderated", told | {"verdict": "approved"}),
        ("response.moderated", told | {"verdict": "rejected"}),
    ]


async def test_a_verdict_is_written_down(database: Database, demo: Actor) -> None:
    async with tenant_transaction(database, demo) as session:
        _, id = await waiting(session, "word_cloud", CLOUD, {"words": ["salt"]})
    for verdict in (Verdict.APPROVE, Verdict.APPROVE, Verdict.REJECT):
        async with tenant_transaction(database, demo) as session:
            await moderating.moderate(session, demo, id, verdict)
    async with tenant_transaction(database, demo) as session:
        trail = (await session.scalars(_TRAIL, {"id": str(id)})).all()
    assert trail == ["live_response.approved", "live_response.rejected"]


async def test_a_question_can_be_voted_for_once_it_is_let_through(session: AsyncSession, demo: Actor) -> None:
    live = await make.live_session(session)
    qna = await make.activity(session, live, QNA, type="qna", shows_results=True)
    [ann, ben, cem] = await make.people(session, live, 3)
    asked = [question(ann, "Why this way?"), question(ann, "Who cleans?")]
    await responses.record(session, qna, asked)
    votes = [make.submission(each, {"type": "vote", "question_id": str(asked[1].response_id)}) for each in (ben, cem)]
    assert make.codes(await responses.record(session, qna, votes)) == ["live.response.invalid"] * 2
    for each in asked:
        await moderating.moderate(session, demo, each.response_id, Verdict.APPROVE)
    assert make.codes(await responses.record(session, qna, votes)) == ["approved"] * 2
    seen = (await results.result_of(session, qna, audience=Audience.EVERYBODY, in_detail=True)).results
    listed = [(each["text"], each["vote_count"], each["voters"]) for each in seen["approved_questions"]]  # type: ignore[union-attr,index,call-overload]
    assert listed == [("Who cleans?", 2, [cem, ben]), ("Why this way?", 0, [])]


async def test_a_question_is_marked_as_answered(session: AsyncSession, demo: Actor) -> None:
    qna, id = await waiting(session, "qna", QNA, {"type": "question", "question_text": "Why this way?"})
    await moderating.moderate(session, demo, id, Verdict.APPROVE)
    before = await make.tally(session, qna.id)
    await moderating.moderate(session, demo, id, Verdict.ANSWERED)
    row = await moderating.moderate(session, demo, id, Verdict.ANSWERED)
    assert row.response_data["answered"] is True
    assert row.status == "approved"
    assert await make.tally(session, qna.id) == before
    assert [data["verdict"] for _, data in await turns(session, qna)] == ["approved", "answered"]


async def test_what_is_not_shown_by_itself_cannot_be_marked_as_answered(session: AsyncSession, demo: Actor) -> None:
    _, id = await waiting(session, "word_cloud", CLOUD, {"words": ["salt"]})
    with pytest.raises(NotListed):
        await moderating.moderate(session, demo, id, Verdict.ANSWERED)


async def test_nothing_is_decided_on_what_another_answer_has_replaced(session: AsyncSession, demo: Actor) -> None:
    live = await make.live_session(session)
    poll, [ann] = await make.activity(session, live), await make.people(session, live, 1)
    first = make.vote(ann, "A")
    await responses.record(session, poll, [first, make.vote(ann, "B")])
    with pytest.raises(NotModerated):
        await moderating.moderate(session, demo, first.response_id, Verdict.REJECT)
    assert await make.tally(session, poll.id) == {"responses": 1, "option:B": 1, "participants": 1}


async def test_verdicts_and_answers_at_the_same_time_leave_an_exact_tally(database: Database, demo: Actor) -> None:
    async with tenant_transaction(database, demo) as session:
        live = await make.live_session(session)
        cloud = await make.activity(session, live, CLOUD, type="word_cloud")
        people = await make.people(session, live, 20)
    sent = [make.submission(each, {"words": ["salt"]}) for each in people]
    await make.record(database, demo, cloud, *sent)

    async def decide(id: UUID, verdict: Verdict) -> None:
        async with tenant_transaction(database, demo) as session:
            await moderating.moderate(session, demo, id, verdict)

    more = [make.submission(each, {"words": ["heat"]}) for each in reversed(people)]
    verdicts = [decide(each.response_id, Verdict.APPROVE) for each in sent for _ in range(2)]
    await asyncio.gather(*verdicts, make.record(database, demo, cloud, *more))
    async with tenant_transaction(database, demo) as session:
        expected = {"submissions": 20, "words": 20, "word:salt": 20, "participants": 20}
        assert await make.tally(session, cloud.id) == expected
        assert len(await turns(session, cloud)) == 20


async def test_nobody_decides_in_another_company(database: Database, demo: Actor, akron: Actor) -> None:
    async with tenant_transaction(database, demo) as session:
        _, id = await waiting(session, "word_cloud", CLOUD, {"words": ["salt"]})
    with pytest.raises(ResponseNotFound):
        async with tenant_transaction(database, akron) as session:
            await moderating.moderate(session, akron, id, Verdict.APPROVE)
