"""Decisions about answers as they come in: which are taken, which take the place of others, and what that adds up to.

Everything here works on many answers at once, in the order in which they came; an answer by itself is a batch of one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from foodflow.kernel.errors import Refusal
from foodflow.live.rules.activities.kind import ActivityKind, Answer, Asked, Configuration, Json, Step
from foodflow.live.rules.activities.registry import KINDS, KindUnknown
from foodflow.live.rules.activity_states import ActivityNotOpen, ActivityState
from foodflow.live.rules.participants import ParticipantRemoved
from foodflow.live.rules.responses import (
    AlreadyAnswered,
    IdTaken,
    Kept,
    Outcome,
    ParticipantUnknown,
    Refused,
    Submission,
    kept,
    require_storable,
)

TOLERANCE: Final = timedelta(seconds=0.5)
"""How late an answer may arrive; the way from a phone takes its time, and the clock on it is not ours."""
PARTICIPANTS: Final = "#participants"
"""The key of a tally under which it is counted how many participants have answered; those of kinds begin otherwise."""

Change = tuple[Kept | None, Kept | None]
"""A response before and after a deed; None is that there is none."""


@dataclass(slots=True)
class Place:
    """A participant, with what their answers have given them so far."""

    id: int
    nickname: str
    is_removed: bool
    score: int
    streak: int
    correct: int
    answered: int


@dataclass(frozen=True, slots=True)
class Reading:
    """An activity whose configuration its kind can read, and where it stands."""

    kind: ActivityKind[Any]
    configuration: Configuration
    state: str
    step: Step
    expires_at: datetime | None

    def require_open(self, at: datetime) -> None:
        """Refuse what arrived when nothing was taken any more. Once the solution is out, no delay is allowed for."""
        late = timedelta(0) if self.step.is_revealed else TOLERANCE
        ends = [end + late for end in (self.step.closes_at, self.expires_at) if end is not None]
        if self.state != ActivityState.ACTIVE or any(at > end for end in ends):
            raise ActivityNotOpen("the activity takes no answers now")

    def seconds_of(self, step: int) -> int | None:
        """How long a question is open by itself, in seconds; None is until somebody closes it."""
        return self.kind.seconds_of(self.configuration, step)

    def tally(self, data: Json) -> Mapping[str, int]:
        """What a kept answer adds up to."""
        return self.kind.reduce(self.configuration, data)

    def read(self, data: Json, asked: Asked) -> Answer:
        """What the activity makes of an answer, whenever it came; refused where it does not take it."""
        require_storable(data)
        return self.kind.validate(self.configuration, data, asked)


def reading_of(
    type: str,  # noqa: A002 - the contract's name
    configuration: Json,
    *,
    state: str,
    step: Step,
    expires_at: datetime | None,
) -> Reading | None:
    """How an activity reads its answers; None where there is no such kind, or it cannot read the configuration."""
    kind = KINDS.get(type)
    read = None if kind is None else kind.read(configuration)
    return None if kind is None or read is None else Reading(kind, read, state, step, expires_at)


def answer_of(reading: Reading | None, given: Submission, place: Place | None) -> Answer | Refusal:
    """What an activity makes of a submission."""
    try:
        present = _require_present(place)
        if reading is None:
            raise KindUnknown("the activity is of no kind that takes answers, or is not set up as its kind wants it")
        reading.require_open(given.arrived_at)
        return reading.read(given.data, asked(given, present, reading.step))
    except Refusal as refusal:
        return refusal


def asked(given: Submission, place: Place, step: Step) -> Asked:
    """What is known of the question that a submission answers."""
    waited = 0.0 if step.opened_at is None else (given.arrived_at - step.opened_at).total_seconds()
    return Asked(
        str(given.response_id),
        place.id,
        place.nickname,
        given.arrived_at,
        step=step.number,
        seconds=max(0.0, waited),
        streak=place.streak,
    )


def until(now: datetime, *, seconds: int | None, expires_at: datetime | None) -> datetime | None:
    """When a question that is opened now closes by itself: after its own time, or with its activity."""
    ends = [expires_at, None if seconds is None else now + timedelta(seconds=seconds)]
    return min((end for end in ends if end is not None), default=None)


class Recording:
    """What comes of a batch of submissions. `by_id` are the responses that bear their ids, `in_slot` those that stand
    in the slots that they would fill.
    """

    def __init__(
        self,
        activity_id: UUID,
        at: datetime,
        *,
        by_id: Mapping[UUID, Kept],
        in_slot: Mapping[tuple[int, str], Kept],
    ) -> None:
        self._activity_id, self._at = activity_id, at
        self._by_id, self._in_slot = dict(by_id), dict(in_slot)
        self.new: dict[UUID, Kept] = {}
        self.replaced: dict[UUID, Kept] = {}
        self.rescored: set[int] = set()

    def take(self, given: Submission, found: Answer | Refusal, place: Place | None) -> Outcome:
        """Take a submission of which the activity makes this, or refuse it. What is there already is not taken again,
        whatever the activity makes of it by now.
        """
        known = self._by_id.get(given.response_id)
        if known is not None:
            return self._again(given, known)
        if isinstance(found, Refusal) or place is None:
            return Refused(given.response_id, found if isinstance(found, Refusal) else _unknown())
        former = self._in_slot.get((given.participant_id, found.slot))
        if former is not None and found.is_final:
            return Refused(given.response_id, AlreadyAnswered("this has been answered already, and stays so"))
        return self._keep(given, found, place, former)

    @property
    def scored(self) -> set[int]:
        """Whose scores are more by what is new, and nothing else."""
        return {each.participant_id for each in self.new.values() if each.has_effect and each.is_scored} - self.rescored

    def changes(self) -> list[Change]:
        """The responses that are new or counted no longer."""
        taken_back: list[Change] = [(each, replace(each, is_counted=False)) for each in self.replaced.values()]
        return [*taken_back, *((None, each) for each in self.new.values())]

    def _again(self, given: Submission, known: Kept) -> Outcome:
        if (known.participant_id, known.activity_id) == (given.participant_id, self._activity_id):
            return known.outcome
        return Refused(given.response_id, IdTaken("another response bears this id"))

    def _keep(self, given: Submission, answer: Answer, place: Place, former: Kept | None) -> Outcome:
        moment = self._at + timedelta(microseconds=len(self.new))
        new = kept(given, answer, activity_id=self._activity_id, at=moment)
        if former is not None:
            self._replace(former)
        self.new[new.id] = self._by_id[new.id] = self._in_slot[new.participant_id, new.slot] = new
        _score(place, new)
        return new.outcome

    def _replace(self, former: Kept) -> None:
        if former.is_scored:
            self.rescored.add(former.participant_id)
        if former.id in self.new:
            self.new[former.id] = replace(former, is_counted=False)
        else:
            self.replaced[former.id] = former


def effects(reading: Reading | None, changes: Iterable[Change]) -> dict[str, int]:
    """What changes of responses add to the tally of their activity: what has effect now, less what had."""
    pairs = list(changes)
    added = Counter(total(reading, (new.data for _, new in pairs if new is not None and new.has_effect)))
    added.subtract(total(reading, (old.data for old, _ in pairs if old is not None and old.has_effect)))
    return {key: amount for key, amount in added.items() if amount}


def total(reading: Reading | None, answers: Iterable[Json]) -> dict[str, int]:
    """What answers add up to; nothing, where no kind reads them."""
    sums: dict[str, int] = {}
    if reading is not None:
        for each in answers:
            for key, amount in reading.tally(each).items():
                sums[key] = sums.get(key, 0) + amount
    return sums


def _score(place: Place, new: Kept) -> None:
    """Add to a place what a new response gives it."""
    if not new.has_effect:
        return
    place.score += new.points
    if new.is_correct is not None:
        place.answered += 1
        place.correct += new.is_correct
        place.streak = place.streak + 1 if new.is_correct else 0


def _require_present(place: Place | None) -> Place:
    if place is None:
        raise _unknown()
    if place.is_removed:
        raise ParticipantRemoved("a facilitator has removed you from this session")
    return place


def _unknown() -> ParticipantUnknown:
    return ParticipantUnknown("Participant not found")
