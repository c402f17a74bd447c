"""Decisions about records of training: what is recorded, from when to when somebody attended, and who passed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from foodflow.live.rules.sessions import Purpose

RECORDED: Final = frozenset({Purpose.SHIFT_HANDOVER, Purpose.TOOLBOX_TALK, Purpose.HACCP_QUIZ, Purpose.TRAINING})
"""What attending is recorded of."""
_PERSON: Final = "user:"


class TrainingRecordNotFound(NotFound):
    """No such record of training in this company."""

    code = "live.training.not_found"


class PeopleAlone(Forbidden):
    """People have records of training; guests and programs have none."""

    code = "live.training.people_alone"


class PlaceTaken(Conflict):
    """This place belongs to somebody who signed in themselves."""

    code = "live.participant.somebody_else"


@dataclass(frozen=True, slots=True)
class Place:
    """A place that somebody of the company had in a session, and what quizzes gave them there."""

    actor: str
    joined_at: datetime
    last_seen: datetime
    removed_at: datetime | None
    score: int
    correct: int


@dataclass(frozen=True, slots=True)
class Attended:
    """From when to when somebody was there, and what quizzes gave them."""

    actor: str
    since: datetime
    until: datetime
    score: int
    correct: int


@dataclass(frozen=True, slots=True)
class Questioned:
    """An activity as far as it tells how many questions were asked."""

    type: str
    config: Mapping[str, Any]
    step: int
    is_begun: bool


def attended(places: Iterable[Place], *, started_at: datetime, completed_at: datetime) -> list[Attended]:
    """Who was there, each once: from when the session had begun and they had come until it was over or they were gone.
    Who came after it was first over, because it was reopened, was there until they were last seen. Of somebody who had
    two places, the better one counts.
    """
    found: dict[str, Attended] = {}
    for place in places:
        since = max(place.joined_at, started_at)
        until = completed_at if since <= completed_at else place.last_seen
        until = until if place.removed_at is None else min(until, place.removed_at)
        if until > since:
            here = Attended(place.actor, since, until, place.score, place.correct)
            found[place.actor] = _together(found.get(place.actor, here), here)
    return [found[actor] for actor in sorted(found)]


def _together(one: Attended, other: Attended) -> Attended:
    better = max(one, other, key=lambda each: (each.correct, each.score))
    since, until = min(one.since, other.since), max(one.until, other.until)
    return Attended(one.actor, since, until, better.score, better.correct)


def questions_asked(activities: Sequence[Questioned]) -> int:
    """How many questions of quizzes were asked; those of a quiz that did not get that far do not count."""
    return sum(_asked(each) for each in activities if each.type == "quiz" and each.is_begun)


def _asked(quiz: Questioned) -> int:
    questions = quiz.config.get("questions")
    return min(quiz.step + 1, len(questions)) if isinstance(questions, list) else 0


def passed(correct: int, questions: int, pass_mark: int | None) -> bool | None:
    """Whether as many percent of the questions that were asked were answered rightly as pass; None where nothing says
    so.
    """
    return None if pass_mark is None or not questions else 100 * correct >= pass_mark * questions


def number_of(actor: str) -> int | None:
    """The number of a person (`user:17`), and None for everybody else."""
    number = actor.removeprefix(_PERSON)
    return int(number) if actor.startswith(_PERSON) and number.isdecimal() else None


def actor_of(user_id: int) -> str:
    """Who a person is in their company."""
    return f"{_PERSON}{user_id}"


def require_person(actor: Actor) -> str:
    """Refuse whoever is no person."""
    if number_of(actor.id) is None:
        raise PeopleAlone("people have records of training: sign in")
    return actor.id


def require_assignable(actor: str, assigned_by: str | None, *, to: str) -> None:
    """A guest's place can be somebody's, and another's if that was wrong; whoever signed in is who they are."""
    if actor and assigned_by is None and actor != to:
        raise PlaceTaken("whoever has this place signed in themselves; nobody else can be put there")


def no_such_person(user_id: int) -> Invalid:
    """What is said where somebody does not belong to the company."""
    return Invalid.because(
        FieldError("user_id", f"there is no person {user_id} in this company", "live.training.no_such_person")
    )
