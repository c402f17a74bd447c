"""Decisions about answers as they come in: which are taken, which take the place of others, and what that adds up to.

Everything here works on many answers at once, in the order in which they came; an answer by itself is a batch of one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from foodflow.kernel.errors import Refusal
from foodflow.live.rules.activities.kind import (
    LATE,
    ActivityKind,
    Answer,
    Asked,
    Configuration,
    Json,
    Listed,
    Metadata,
    Step,
)
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
    TooManyAnswers,
    kept,
    require_storable,
)

PARTICIPANTS: Final = "#participants"
"""The key of a tally under which it is counted how many participants have answered; those of kinds begin otherwise."""
CHANGED: Final = "#changed"
"""The key under which stands when the tally changed last, in microseconds since 1970."""
MOST_SLOTS: Final = 1000
"""Slots that one participant may fill in an activity, whatever its kind would take."""

Change = tuple[Kept | None, Kept | None]
"""A response before and after a deed; None is that there is none."""
Filled = dict[str, bool]
"""The slots that a participant has filled in an activity, and whether what stands there has effect."""


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
class Around:
    """What is there already when answers come: who gives them, which slots these people have filled, the listed answers
    that are spoken about, by their ids, and how many keys the tally has, where the kind wants to know.
    """

    places: Mapping[int, Place]
    filled: dict[int, Filled] = field(default_factory=dict)
    about: Mapping[str, Listed] = field(default_factory=dict)
    keys: int = 0

    @property
    def answering(self) -> int:
        """How many of these people have an answer that has effect."""
        return sum(any(each.values()) for each in self.filled.values())


@dataclass(frozen=True, slots=True)
class Reading:
    """An activity whose configuration its kind can read, and where it stands."""

    kind: ActivityKind[Any]
    configuration: Configuration
    metadata: Metadata
    state: str
    step: Step
    expires_at: datetime | None

    def require_open(self, at: datetime) -> None:
        """Refuse what arrived when nothing was taken any more. Once the solution is out, no delay is allowed for."""
        late = timedelta(seconds=0 if self.step.is_revealed else LATE)
        ends = [end + late for end in (self.step.closes_at, self.expires_at) if end is not None]
        if self.state != ActivityState.ACTIVE or any(at > end for end in ends):
            raise ActivityNotOpen("the activity takes no answers now")

    def seconds_of(self, step: int) -> int | None:
        """How long a question is open by itself, in seconds; None is until somebody closes it."""
        return self.kind.seconds_of(self.configuration, step)

    def tally(self, data: Json) -> Mapping[str, int]:
        """What a kept answer adds up to."""
        return self.kind.reduce(self.configuration, data)

    def asked(self, given: Submission, place: Place, around: Around) -> Asked:
        """What is known of the question that a submission answers."""
        opened_at = self.step.opened_at
        waited = 0.0 if opened_at is None else (given.arrived_at - opened_at).total_seconds()
        about = self.kind.about(given.data)
        return Asked(
            str(given.response_id),
            place.id,
            place.nickname,
            given.arrived_at,
            step=self.step.number,
            seconds=max(0.0, waited),
            streak=place.streak,
            taken=around.filled[place.id].keys(),
            about=None if about is None else around.about.get(about),
            keys=around.keys,
            metadata=self.metadata,
        )

    def read(self, data: Json, asked: Asked) -> Answer:
        """What the activity makes of an answer, whenever it came; refused where it does not take it."""
        answer = self.kind.validate(self.configuration, data, asked)
        if answer.slot not in asked.taken and len(asked.taken) >= MOST_SLOTS:
            raise TooManyAnswers(f"you have given {MOST_SLOTS} answers, and no more are taken")
        return answer


def reading_of(
    type: str,  # noqa: A002 - the contract's name
    configuration: Json,
    metadata: Json,
    *,
    state: str,
    step: Step,
    expires_at: datetime | None,
) -> Reading | None:
    """How an activity reads its answers; None where there is no such kind, or it cannot read the configuration."""
    kind = KINDS.get(type)
    read = None if kind is None else kind.read(configuration)
    if kind is None or read is None:
        return None
    return Reading(kind, read, kind.metadata_of(metadata), state, step, expires_at)


def answer_of(reading: Reading | None, given: Submission, around: Around) -> Answer | Refusal:
    """What an activity makes of a submission."""
    try:
        present = _require_present(around.places.get(given.participant_id))
        if reading is None:
            raise KindUnknown("the activity is of no kind that takes answers, or is not set up as its kind wants it")
        reading.require_open(given.arrived_at)
        require_storable(given.data)
        return reading.read(given.data, reading.asked(given, present, around))
    except Refusal as refusal:
        return refusal


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

    def take(self, given: Submission, found: Answer | Refusal, around: Around) -> Outcome:
        """Take a submission of which the activity makes this, or refuse it. What is there already is not taken again,
        whatever the activity makes of it by now.
        """
        known = self._by_id.get(given.response_id)
        if known is not None:
            return self._again(given, known)
        if isinstance(found, Refusal):
            return Refused(given.response_id, found)
        former = self._in_slot.get((given.participant_id, found.slot))
        if former is not None and found.is_final:
            return Refused(given.response_id, AlreadyAnswered("this has been answered already, and stays so"))
        new = self._keep(given, found, former)
        around.filled[new.participant_id][new.slot] = new.has_effect
        _score(around.places[new.participant_id], new)
        return new.outcome

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

    def _keep(self, given: Submission, answer: Answer, former: Kept | None) -> Kept:
        moment = self._at + timedelta(microseconds=len(self.new))
        new = kept(given, answer, activity_id=self._activity_id, at=moment)
        if former is not None:
            self._replace(former)
        self.new[new.id] = self._by_id[new.id] = self._in_slot[new.participant_id, new.slot] = new
        return new

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
    return {key: amount for key, amount in sums.items() if amount}


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
        raise ParticipantUnknown("Participant not found")
    if place.is_removed:
        raise ParticipantRemoved("a facilitator has removed you from this session")
    return place
