"""When the clock has something to do in a session, and what is kept back until then."""

from datetime import timedelta
from typing import Any, Final

import pytest

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.rules.progression import LAST
from foodflow.live.rules.responses import Stored
from foodflow.live.rules.results import Audience
from foodflow.live.rules.sessions import Progression
from foodflow.live.usecases.results import result_of
from foodflow.live.usecases.states import Stand, stand_of
from tests.live import make_rows as make

QUIZ: Final[dict[str, Any]] = {
    "questions": [
        {"kind": "single", "text": "1 + 1", "options": ["1", "2"], "solution": "2", "seconds": 20},
        {"kind": "single", "text": "1 + 2", "options": ["2", "3"], "solution": "3", "seconds": 20},
    ]
}


async def quiz_stands(database: Database, actor: Actor, *, by: Progression, **fields: object) -> Stand:
    """A session in which a quiz is open, as it is now."""
    async with tenant_transaction(database, actor) as session:
        live = await make.live_session(session, progression=by)
        await make.activity(session, live, QUIZ, type="quiz", shows_results=True, **fields)
        return await stand_of(session, actor, live.id)


async def test_by_hand_a_question_whose_time_is_over_has_the_clock_do_nothing(database: Database, demo: Actor) -> None:
    over = clock.now() - timedelta(seconds=5)
    assert (await quiz_stands(database, demo, by=Progression.HAND, closes_at=over)).due_at is None


async def test_the_clock_waits_for_answers_on_their_way(database: Database, demo: Actor) -> None:
    over = clock.now()
    led = await quiz_stands(database, demo, by=Progression.CLOCK, closes_at=over)
    ends = await quiz_stands(database, demo, by=Progression.HAND, expires_at=over)
    assert (led.due_at, ends.due_at) == (over + LAST, over + LAST)


@pytest.mark.parametrize(("after", "is_out"), [(LAST / 2, False), (LAST * 2, True)])
async def test_no_solution_is_out_while_answers_are_taken(
    database: Database, demo: Actor, monkeypatch: pytest.MonkeyPatch, after: timedelta, *, is_out: bool
) -> None:
    over = clock.now()
    async with tenant_transaction(database, demo) as session:
        live = await make.live_session(session)
        asked = await make.activity(session, live, QUIZ, type="quiz", shows_results=True, expires_at=over)
        [person] = await make.people(session, live, 1)
    monkeypatch.setattr(clock, "now", lambda: over + after)
    [outcome] = await make.record(database, demo, asked, make.submission(person, {"question": 0, "choice": "2"}))
    async with tenant_transaction(database, demo) as session:
        result = await result_of(session, asked, audience=Audience.EVERYBODY)
    [question] = [dict(each) for each in result.results["questions"]]  # type: ignore[arg-type, union-attr]
    assert isinstance(outcome, Stored) is not is_out
    assert ("solution" in question) is is_out
