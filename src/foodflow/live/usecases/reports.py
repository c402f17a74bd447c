"""What came of a session, for a file that people keep: who was there, what they said, how often each thing was said."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.public.people import names_of
from foodflow.kernel.actor import Actor
from foodflow.live.queries import reports as queries
from foodflow.live.queries import sessions as session_queries
from foodflow.live.rules.anonymity import is_named
from foodflow.live.rules.training import number_of
from foodflow.live.rules.wording import asked, in_words, question_of, things_said
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.tables.participants import LiveParticipant
from foodflow.live.tables.sessions import LiveSession

ANONYMOUS: Final = "anonymous"
MOST_THINGS: Final = 50
"""Different things said in an activity that are counted each by itself; the others are counted together."""
_MOST_COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Report:
    """A session, its activities in their order, the names of the people in it by number, and how many took part and how
    many answers count.
    """

    live_session: LiveSession
    activities: Sequence[LiveActivity]
    names: Mapping[int, str]
    participants: int
    answers: int

    @property
    def facilitator(self) -> str:
        """What whoever made the session is called; empty where they are not of the company any more."""
        return self.name_of(self.live_session.created_by)

    def name_of(self, actor: str) -> str:
        """What somebody of the company is called; empty for guests."""
        number = number_of(actor)
        return "" if number is None else self.names.get(number, "")


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who took part."""

    nickname: str
    person: str
    joined_at: datetime
    left_at: datetime | None
    score: int
    correct: int
    answered: int


@dataclass(frozen=True, slots=True)
class Said:
    """An answer in words; `activity` counts the activities of the session from 1."""

    activity: int
    title: str
    kind: str
    question: str
    participant: str
    answer: str
    points: int
    correct: bool | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """How often something was said, in percent of the answers too, and how many of these were right where that is
    known.
    """

    answer: str
    count: int
    share: float | None
    correct: int | None


async def report(session: AsyncSession, actor: Actor, id: int) -> Report:
    """Find what a file about a session tells, but for its rows."""
    live_session = await session_queries.live_session(session, actor, id)
    people = [live_session.created_by, *await queries.people_of(session, live_session.id)]
    names = await names_of(session, actor, {number for each in people if (number := number_of(each)) is not None})
    activities = await queries.activities(session, live_session.id)
    participants, answers = await queries.counts(session, live_session.id)
    return Report(live_session, activities, names, participants, answers)


async def attendance(
    session: AsyncSession, found: Report, *, limit: int | None = None
) -> AsyncIterator[Sequence[Present]]:
    """Those who took part, in the order in which they came."""
    async for part in queries.participants(session, found.live_session.id, limit=limit):
        yield [_present(each, found) for each in part]


async def said_in(session: AsyncSession, activity: LiveActivity, *, number: int) -> AsyncIterator[Sequence[Said]]:
    """Every answer to an activity that counts, in words, in the order in which they came."""
    questions: dict[str, str] = {}
    async for part in queries.answers(session, activity.id):
        _note_questions(activity, part, questions)
        yield [_said(activity, each, questions, number=number) for each in part]


async def said_at_all(session: AsyncSession, found: Report) -> AsyncIterator[Sequence[Said]]:
    """Every answer that counts, activity by activity."""
    for number, activity in enumerate(found.activities, 1):
        async for part in said_in(session, activity, number=number):
            yield part


async def counted_in(session: AsyncSession, activity: LiveActivity) -> list[Counted]:
    """How often each thing was said in an activity, the most frequent first; the options of a poll are there even if
    nobody chose them.
    """
    questions: dict[str, str] = {}
    counts, right = Counter(_offered(activity)), Counter[str]()
    answers, knows_right = 0, False
    async for part in queries.answers(session, activity.id):
        _note_questions(activity, part, questions)
        for each in part:
            answers += 1
            knows_right |= each.is_correct is not None
            for thing in things_said(activity.type, each.data, questions):
                known = thing if thing in counts or len(counts) < _MOST_COUNTED else _OTHERS
                counts[known] += 1
                right[known] += each.is_correct is True
    return _most(counts, right if knows_right else None, answers)


_OTHERS: Final = "(others)"


def _most(counts: Counter[str], right: Counter[str] | None, answers: int) -> list[Counted]:
    ordered = sorted(counts.items(), key=lambda each: (each[0] == _OTHERS, -each[1]))
    shown = [
        Counted(
            thing,
            count,
            round(100 * count / answers, 1) if answers else None,
            None if right is None else right[thing],
        )
        for thing, count in ordered[:MOST_THINGS]
    ]
    rest = ordered[MOST_THINGS:]
    if rest:
        total = sum(count for _, count in rest)
        shown.append(Counted(f"({len(rest)} others)", total, None, None))
    return shown


def _offered(activity: LiveActivity) -> dict[str, int]:
    options = activity.config.get("options") if activity.type == "poll" else None
    return {str(option): 0 for option in options} if isinstance(options, list) else {}


def _note_questions(activity: LiveActivity, part: Sequence[queries.Given], questions: dict[str, str]) -> None:
    for each in part:
        found = question_of(activity.type, each.data)
        if found is not None:
            questions[found[0]] = found[1]


def _said(activity: LiveActivity, given: queries.Given, questions: Mapping[str, str], *, number: int) -> Said:
    return Said(
        activity=number,
        title=activity.title,
        kind=activity.type,
        question=asked(activity.type, activity.config, given.data),
        participant=given.nickname if is_named(activity.type, given.data) else ANONYMOUS,
        answer=in_words(activity.type, given.data, questions),
        points=given.points,
        correct=given.is_correct,
        at=given.at,
    )


def _present(participant: LiveParticipant, found: Report) -> Present:
    return Present(
        nickname=participant.nickname,
        person=found.name_of(participant.actor),
        joined_at=participant.joined_at,
        left_at=participant.removed_at,
        score=participant.score,
        correct=participant.correct,
        answered=participant.answered,
    )
