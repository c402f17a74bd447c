"""What is counted as answers come, change and go is what counting them all anew gives, whatever happened in between."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.errors import Conflict
from foodflow.live.rules.moderation import Verdict
from foodflow.live.rules.responses import Stored, Submission
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.usecases import corrections, moderating, responses
from tests.live import make_rows as make

Json = dict[str, Any]

QUIZ: Final[Json] = {
    "questions": [
        {"kind": "single", "text": "1 + 1", "options": ["1", "2", "3"], "solution": "2", "seconds": 600},
        {"kind": "single", "text": "1 + 2", "options": ["1", "2", "3"], "solution": "3", "seconds": 600},
    ]
}
KINDS: Final[dict[str, tuple[Json, Callable[[int, Sequence[UUID]], Json]]]] = {
    "poll": (make.SEVERAL, lambda number, _: {"selected_options": ["A", "B", "C"][: number % 3 + 1]}),
    "quiz": (QUIZ, lambda number, _: {"question": number % 2, "choice": str(number % 3 + 1)}),
    "qna": (
        {"topic": "Line 3", "moderate_questions": True},
        lambda number, asked: (
            {"type": "vote", "question_id": str(asked[number % len(asked)])}
            if asked and number % 2
            else {"type": "question", "question_text": f"Why {number}?"}
        ),
    ),
    "word_cloud": ({"prompt": "One word"}, lambda number, _: {"words": ["salt", "heat", "time"][: number % 3 + 1]}),
    "open_text": (
        {"question": "What else?", "moderate": True, "max_answers": 2},
        lambda number, _: {"text": f"Text {number}"},
    ),
}
"""Kinds with a configuration, and an answer for each number; some answers are not taken."""


@dataclass
class Hall:
    """An activity with participants, and what they have answered so far."""

    session: AsyncSession
    actor: Actor
    activity: LiveActivity
    people: list[int]
    known: list[UUID] = field(default_factory=list)
    sent: list[Submission] = field(default_factory=list)

    async def counted(self) -> tuple[dict[str, int], dict[int, tuple[int, int, int, int]]]:
        return await make.tally(self.session, self.activity.id), await make.scores(self.session, self.people)


Deed = Callable[[Hall, int], Awaitable[object]]


async def record(hall: Hall, number: int) -> None:
    """A few answers, some of which were sent before."""
    _, answer = KINDS[hall.activity.type]
    batch = [
        make.submission(hall.people[(number + each) % len(hall.people)], answer(number + each, hall.known))
        for each in range(number % 4 + 1)
    ]
    batch += hall.sent[-2:] if number % 3 == 0 else []
    outcomes = await responses.record(hall.session, hall.activity, batch)
    hall.sent += batch
    ids = [each.response_id for each in outcomes if isinstance(each, Stored)]
    hall.known = list(dict.fromkeys([*hall.known, *ids]))


async def moderate(hall: Hall, number: int) -> None:
    if hall.known:
        verdict = list(Verdict)[number % 3]
        try:
            await moderating.moderate(hall.session, hall.actor, hall.known[number % len(hall.known)], verdict)
        except Conflict:
            return


async def correct(hall: Hall, number: int) -> None:
    if hall.known:
        data = KINDS[hall.activity.type][1](number // 2, hall.known)
        await corrections.correct(hall.session, hall.actor, hall.known[number % len(hall.known)], data=data)


async def delete(hall: Hall, number: int) -> None:
    if hall.known:
        id = hall.known.pop(number % len(hall.known))
        hall.sent = [each for each in hall.sent if each.response_id != id]
        await corrections.delete(hall.session, hall.actor, id)


async def go_on(hall: Hall, number: int) -> None:
    hall.activity.step = number % 2
    await hall.session.flush()


async def clear(hall: Hall, number: int) -> None:
    if number % 3 == 0:
        only = number % 2 == 0
        await corrections.clear(hall.session, hall.actor, hall.activity.id, open_question_only=only)


DEEDS: Final[Sequence[Deed]] = (record, record, record, moderate, correct, delete, go_on, clear)


@pytest.mark.parametrize("kind", KINDS)
async def test_counting_anew_changes_nothing(database: Database, demo: Actor, kind: str) -> None:
    steps = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 30)), min_size=10, max_size=20)

    async def play(steps: list[tuple[Deed, int]]) -> int:
        async with tenant_transaction(database, demo) as session:
            live = await make.live_session(session)
            activity = await make.activity(session, live, KINDS[kind][0], type=kind)
            hall = Hall(session, demo, activity, await make.people(session, live, 4))
            for deed, number in steps:
                await deed(hall, number)
            as_they_came = await hall.counted()
            await responses.recount(session, hall.activity)
            assert await hall.counted() == as_they_came
            assert all(amount > 0 for amount in as_they_came[0].values())
            return sum(as_they_came[0].values())

    assert sum([await play(example) for example in examples(steps, 8)]) > 0


def examples(strategy: st.SearchStrategy[list[tuple[Deed, int]]], count: int) -> list[list[tuple[Deed, int]]]:
    """So many examples, the same at each run; each is played in the loop of the tests, which hypothesis cannot."""
    made: list[list[tuple[Deed, int]]] = []

    @settings(
        max_examples=count, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(strategy)
    def collect(example: list[tuple[Deed, int]]) -> None:
        made.append(example)

    collect()
    return made
