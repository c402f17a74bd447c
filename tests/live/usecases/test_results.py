"""Results are exact, shown to whom they are shown, and cost the same however many have answered."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.db import Database
from foodflow.live.rules.activities.kind import utc
from foodflow.live.rules.activity_states import ActivityState
from foodflow.live.rules.progression import LAST
from foodflow.live.rules.results import MOST_LISTED, Audience, NoResults, ResultsHidden
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.usecases import responses, results
from tests.live import make_rows as make

QUIZ: Final = {"questions": [{"kind": "single", "text": "1 + 1", "options": ["1", "2"], "solution": "2"}]}


async def test_a_result_is_what_was_voted(session: AsyncSession) -> None:
    live = await make.live_session(session)
    poll, people = await make.activity(session, live, make.SEVERAL), await make.people(session, live, 7)
    votes = [make.vote(each, *("ABC"[: number % 3 + 1])) for number, each in enumerate(people)]
    await responses.record(session, poll, votes)
    found = await results.result_of(session, poll, audience=Audience.FACILITATOR, in_detail=True)
    assert found.results["vote_counts"] == {"A": 7, "B": 4, "C": 2}
    assert found.results["percentages"] == {"A": 100.0, "B": 57.1, "C": 28.6}
    assert (found.results["total_responses"], found.results["most_popular"]) == (7, ["A"])
    moments = [row.created_at for row in await make.rows_of(session, poll.id)]
    assert found.changed_at is not None
    assert found.changed_at >= moments[-1]
    assert found.results["response_timestamps"] == [utc(each) for each in sorted(set(moments))]
    assert len(set(moments)) == 7


async def test_results_are_shown_to_facilitators_and_to_others_when_they_are_shown(session: AsyncSession) -> None:
    live = await make.live_session(session)
    poll = await make.activity(session, live)
    with pytest.raises(ResultsHidden):
        await results.result_of(session, poll, audience=Audience.EVERYBODY)
    assert await results.shown_result(session, poll, audience=Audience.EVERYBODY) is None
    for_facilitators = await results.shown_result(session, poll, audience=Audience.FACILITATOR)
    poll.shows_results = True
    assert await results.shown_result(session, poll, audience=Audience.EVERYBODY) == for_facilitators
    assert for_facilitators is not None


@pytest.mark.parametrize("fields", [{"type": "of clients"}, {"config": {}}], ids=["another type", "not set up"])
async def test_what_no_kind_can_read_has_no_results(session: AsyncSession, fields: dict[str, Any]) -> None:
    live = await make.live_session(session)
    odd = await make.activity(session, live, **{"shows_results": True, **fields})
    with pytest.raises(NoResults):
        await results.result_of(session, odd, audience=Audience.FACILITATOR)
    assert await results.shown_result(session, odd, audience=Audience.EVERYBODY) is None


async def asked_of(session: AsyncSession, quiz: LiveActivity) -> dict[str, Any]:
    """What came of the one question of a quiz."""
    seen: Any = (await results.result_of(session, quiz, audience=Audience.FACILITATOR)).results
    return dict(seen["questions"][0])


@pytest.mark.parametrize(
    "over",
    [
        lambda: {"is_revealed": True},
        lambda: {"state": ActivityState.EXPIRED},
        lambda: {"expires_at": clock.now() - LAST},
    ],
    ids=["revealed", "closed", "its time is over"],
)
async def test_a_solution_is_in_a_result_when_it_is_out(
    session: AsyncSession, over: Callable[[], dict[str, Any]]
) -> None:
    live = await make.live_session(session)
    quiz, [ann] = await make.activity(session, live, QUIZ, type="quiz"), await make.people(session, live, 1)
    await responses.record(session, quiz, [make.submission(ann, {"question": 0, "choice": "2"})])
    hidden = await asked_of(session, quiz)
    assert (hidden["answers"], hidden["correct"], hidden["counts"], "solution" in hidden) == (1, None, None, False)
    for name, value in over().items():
        setattr(quiz, name, value)
    shown = await asked_of(session, quiz)
    assert (shown["correct"], shown["counts"], shown["solution"]) == (1, {"1": 0, "2": 1}, "2")


async def test_texts_are_listed_as_they_came_and_no_more_than_a_bounded_number(session: AsyncSession) -> None:
    live = await make.live_session(session)
    texts = await make.activity(session, live, {"question": "What else?"}, type="open_text")
    people = await make.people(session, live, MOST_LISTED + 5)
    sent = [make.submission(each, {"text": f"Text {number}"}) for number, each in enumerate(people)]
    await responses.record(session, texts, sent)
    await responses.record(session, texts, [make.submission(people[0], {"text": "Changed"})])
    seen: Any = (await results.result_of(session, texts, audience=Audience.FACILITATOR)).results
    assert [each["text"] for each in seen["texts"]] == [f"Text {number}" for number in range(1, MOST_LISTED + 1)]
    assert (seen["total_responses"], seen["participant_count"]) == (MOST_LISTED + 5, MOST_LISTED + 5)


async def test_only_facilitators_see_what_waits(session: AsyncSession) -> None:
    live = await make.live_session(session)
    qna = await make.activity(session, live, {"topic": "Line 3"}, type="qna", shows_results=True)
    [ann] = await make.people(session, live, 1)
    sent = make.submission(ann, {"type": "question", "question_text": "Why this way?"})
    await responses.record(session, qna, [sent])
    [row] = await make.rows_of(session, qna.id)
    row.status = "pending"
    await session.flush()
    pending = {}
    for audience in Audience:
        seen: Any = (await results.result_of(session, qna, audience=audience)).results
        pending[audience] = [each["text"] for each in seen["pending_questions"]]
    assert pending == {Audience.FACILITATOR: ["Why this way?"], Audience.EVERYBODY: []}


ANSWERS: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "poll": (make.POLL, {"selected_options": ["A"]}),
    "open_text": ({"question": "What else?"}, {"text": "Nothing"}),
}


@pytest.mark.parametrize("kind", ANSWERS)
async def test_a_result_takes_two_statements_that_read_no_more_rows_the_more_have_answered(
    session: AsyncSession, database: Database, kind: str
) -> None:
    """PostgreSQL itself says how many it reads; for texts it has to know how many there are, for a poll it need not."""
    live, (config, answer) = await make.live_session(session), ANSWERS[kind]
    activity, people = await make.activity(session, live, config, type=kind), await make.people(session, live, 3000)
    statements: list[tuple[str, Any]] = []
    engine = database.engine.sync_engine

    def note(*context: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        statements.append((context[2], context[3]))

    read = []
    for some in (people[:1000], people[1000:]):
        await responses.record(session, activity, [make.submission(each, answer) for each in some])
        if kind == "open_text":
            await session.execute(text("ANALYZE live_responses"))
        event.listen(engine, "before_cursor_execute", note)
        await results.result_of(session, activity, audience=Audience.FACILITATOR)
        event.remove(engine, "before_cursor_execute", note)
        assert len(statements) == 2
        read.append(sum([await rows_read(session, *each) for each in statements]))
        statements.clear()
    assert read[0] == read[1]
    assert read[0] < 1000


async def rows_read(session: AsyncSession, statement: str, parameters: Any) -> int:  # noqa: ANN401 - the driver's
    """How many rows a statement reads from its tables."""
    connection = await session.connection()
    found = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
    return scanned(found.scalar_one()[0]["Plan"])


def scanned(plan: dict[str, Any]) -> int:
    own = 0
    if "Relation Name" in plan:
        own = int((plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"])
    return own + sum(map(scanned, plan.get("Plans", [])))
