"""Scores: each right answer counts once, ties share a rank, and nobody learns from a score what is not out yet."""

import asyncio
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.sessions import LiveSession
from foodflow.live.usecases import corrections, responses, scores
from tests.live import make_rows as make

QUIZ: Final[dict[str, Any]] = {
    "speed_bonus": False,
    "streak_bonus": True,
    "questions": [
        {"kind": "single", "text": f"{each} + 1", "options": ["1", "2", "3"], "solution": "2", "points": 100}
        for each in range(3)
    ],
}


def say(participant: int, step: int, choice: str) -> Any:  # noqa: ANN401 - a submission
    return make.submission(participant, {"question": step, "choice": choice})


async def quiz_of(session: AsyncSession, count: int) -> tuple[LiveSession, LiveActivity, list[int]]:
    live = await make.live_session(session)
    quiz = await make.activity(session, live, QUIZ, type="quiz")
    return live, quiz, await make.people(session, live, count)


async def go_on(session: AsyncSession, quiz: LiveActivity, step: int) -> None:
    quiz.step, quiz.step_opened_at, quiz.is_revealed = step, clock.now(), False
    await session.flush()


async def reveal(session: AsyncSession, quiz: LiveActivity) -> None:
    quiz.is_revealed = True
    await session.flush()


async def test_answers_of_a_quiz_are_final_and_bring_points_and_streaks(session: AsyncSession) -> None:
    _, quiz, [ann, ben] = await quiz_of(session, 2)
    first = await responses.record(session, quiz, [say(ann, 0, "2"), say(ben, 0, "1"), say(ben, 0, "2")])
    assert make.codes(first) == ["approved", "approved", "live.response.already_answered"]
    assert [make.stored(each).is_correct for each in first[:2]] == [True, False]
    await go_on(session, quiz, 1)
    again = await responses.record(session, quiz, [say(ann, 0, "2"), say(ann, 1, "2"), say(ben, 1, "2")])
    assert make.codes(again) == ["live.response.question_closed", "approved", "approved"]
    assert await make.scores(session, [ann, ben]) == {ann: (210, 2, 2, 2), ben: (100, 1, 1, 2)}
    assert await make.tally(session, quiz.id) == {
        "participants": 2,
        "q0:answers": 2,
        "q0:correct": 1,
        "q0:choice:2": 1,
        "q0:choice:1": 1,
        "q1:answers": 2,
        "q1:correct": 2,
        "q1:choice:2": 2,
    } | {key: value for key, value in (await make.tally(session, quiz.id)).items() if key.endswith(":ms")}


async def test_a_quiz_that_many_answer_at_once_scores_each_of_them_once(database: Database, demo: Actor) -> None:
    async with tenant_transaction(database, demo) as session:
        _, quiz, people = await quiz_of(session, 30)
    sent = [say(each, 0, "2") for each in people]
    batches = [sent[start:] + sent[:start] for start in range(0, 30, 5)]
    batches += [[say(each, 0, "2") for each in reversed(people)] for _ in range(3)]
    await asyncio.gather(*(make.record(database, demo, quiz, *batch) for batch in batches))
    async with tenant_transaction(database, demo) as session:
        assert await make.scores(session, people) == dict.fromkeys(people, (100, 1, 1, 1))
        assert (await make.tally(session, quiz.id))["q0:answers"] == 30


async def test_whoever_has_the_same_score_shares_a_rank(session: AsyncSession) -> None:
    live, _, people = await quiz_of(session, 6)
    for id, score, answered in zip(people, (10, 30, 20, 20, 0, 0), (1, 1, 1, 1, 1, 0), strict=True):
        row = await session.get(LiveParticipant, id)
        assert row is not None
        row.score, row.answered = score, answered
    await session.flush()
    board = await scores.leaderboard(session, live.id, 10)
    assert [(each.rank, each.participant_id, each.score) for each in board] == [
        (1, people[1], 30),
        (2, people[2], 20),
        (2, people[3], 20),
        (4, people[0], 10),
        (5, people[4], 0),
    ]
    assert [each.rank for each in await scores.leaderboard(session, live.id, 2)] == [1, 2]
    standing = await scores.standing_of(session, live.id, people)
    assert [standing[id].rank for id in people] == [4, 1, 2, 2, 5, 5]


async def test_whoever_was_sent_out_has_no_rank_and_takes_none(session: AsyncSession) -> None:
    live, quiz, [ann, ben] = await quiz_of(session, 2)
    await responses.record(session, quiz, [say(ann, 0, "2"), say(ben, 0, "1")])
    await reveal(session, quiz)
    row = await session.get(LiveParticipant, ann)
    assert row is not None
    row.removed_at = clock.now()
    await session.flush()
    assert [each.participant_id for each in await scores.leaderboard(session, live.id, 10)] == [ben]
    standing = await scores.standing_of(session, live.id, [ann, ben])
    assert (standing[ann].rank, standing[ben].rank) == (None, 1)


async def test_the_open_question_is_in_no_score_before_its_solution_is_out(session: AsyncSession) -> None:
    live, quiz, [ann, ben] = await quiz_of(session, 2)
    await responses.record(session, quiz, [say(ann, 0, "1"), say(ben, 0, "2")])
    await reveal(session, quiz)
    await go_on(session, quiz, 1)
    await responses.record(session, quiz, [say(ann, 1, "2"), say(ben, 1, "1")])
    hidden = await scores.standing_of(session, live.id, [ann, ben], activity=quiz)
    assert [(hidden[id].score, hidden[id].streak, hidden[id].correct, hidden[id].answered) for id in (ann, ben)] == [
        (0, 0, 0, 1),
        (100, 1, 1, 1),
    ]
    assert (hidden[ann].rank, hidden[ben].rank) == (2, 1)
    assert hidden[ann].responses["q1"]["choice"] == "2"
    board = await scores.leaderboard(session, live.id, 10, activity=quiz)
    assert [(each.participant_id, each.score) for each in board] == [(ben, 100), (ann, 0)]
    await reveal(session, quiz)
    shown = await scores.standing_of(session, live.id, [ann, ben], activity=quiz)
    assert [(shown[id].score, shown[id].streak, shown[id].correct, shown[id].answered) for id in (ann, ben)] == [
        (100, 1, 1, 2),
        (100, 0, 1, 2),
    ]


async def test_nobody_is_told_where_somebody_of_another_session_stands(session: AsyncSession) -> None:
    live, _, [ann] = await quiz_of(session, 1)
    _, _, [stranger] = await quiz_of(session, 1)
    assert list(await scores.standing_of(session, live.id, [ann, stranger, 0])) == [ann]
    assert await scores.standing_of(session, live.id, []) == {}


async def test_a_cleared_question_gives_back_its_points_and_is_answered_anew(
    session: AsyncSession, demo: Actor
) -> None:
    _, quiz, [ann] = await quiz_of(session, 1)
    await responses.record(session, quiz, [say(ann, 0, "2")])
    await go_on(session, quiz, 1)
    await responses.record(session, quiz, [say(ann, 1, "2")])
    await corrections.clear(session, demo, quiz.id, open_question_only=True)
    assert await make.scores(session, [ann]) == {ann: (100, 1, 1, 1)}
    assert make.codes(await responses.record(session, quiz, [say(ann, 1, "1")])) == ["approved"]
    assert await make.scores(session, [ann]) == {ann: (100, 0, 1, 2)}
    await corrections.clear(session, demo, quiz.id, open_question_only=False)
    assert await make.scores(session, [ann]) == {ann: (0, 0, 0, 0)}
    assert await make.tally(session, quiz.id) == {}


async def test_scores_follow_when_an_activity_is_removed(session: AsyncSession) -> None:
    live, quiz, [ann] = await quiz_of(session, 1)
    other = await make.activity(session, live, QUIZ, type="quiz")
    for each in (quiz, other):
        await responses.record(session, each, [say(ann, 0, "2")])
    assert await make.scores(session, [ann]) == {ann: (200, 2, 2, 2)}
    await session.delete(other)
    await session.flush()
    await scores.recount_scores(session, live.id)
    assert await make.scores(session, [ann]) == {ann: (100, 1, 1, 1)}
