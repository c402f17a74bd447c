"""What every kind of activity is: four functions and two shapes."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from foodflow.kernel.errors import Malformed

ConfigurationT = TypeVar("ConfigurationT", bound="Configuration")
ShapeT = TypeVar("ShapeT", bound="Shape")
Json = dict[str, JsonValue]
Tally = dict[str, int]
"""What answers add up to: amounts by key. Each answer adds to a few keys, so that a result costs the same per answer at
ten and at ten thousand answers; taking one back adds the negative. What an answer adds depends on the configuration, so
whoever changes that while there are answers counts them anew."""

LATE: Final = 0.5
"""Seconds that an answer may arrive after its time is over: the way from a phone takes a while."""
MOST_EACH: Final = 100
"""Answers of one participant to an activity that takes several, where nothing else is said."""
MOST_SHOWN: Final = 100
"""Entries of what a result would otherwise list without end, the latest or the most frequent."""


class AnswerRefused(Malformed):
    """The activity does not take this answer."""

    code = "live.response.invalid"


class Shape(BaseModel):
    """What a kind reads. A number is a number and no text of digits; fields that the kind does not know are ignored, as
    the contract wants it, though the schema does not offer them.
    """

    model_config = ConfigDict(
        extra="ignore", frozen=True, strict=True, allow_inf_nan=False, json_schema_extra={"additionalProperties": False}
    )


class Configuration(Shape):
    """What an activity is set up with."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """How an activity goes. `max_responses` is how many of one participant are taken where several are; whether answers
    are moderated is what the configuration says, where it says anything.
    """

    duration_seconds: int | None = None
    max_responses: int | None = None
    allow_multiple_responses: bool = False
    show_live_results: bool = True
    requires_moderation: bool = False

    @property
    def each(self) -> int:
        """How many answers of one participant are taken."""
        return (self.max_responses or MOST_EACH) if self.allow_multiple_responses else 1


@dataclass(frozen=True, slots=True)
class Listed:
    """One answer that is shown by itself: a question, a text. `voters` are the latest participants who voted for it."""

    id: str
    participant_id: int
    nickname: str
    data: Json
    at: datetime
    status: str
    votes: int = 0
    voters: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a question at the moment of an answer to it.

    `step` is the number of the open question (from 0), `seconds` the time since it was opened, `streak` how many
    questions the participant had answered rightly in a row. `taken` are the slots of the activity that the participant
    has filled; `about` is the approved answer that `ActivityKind.about` names, where there is one; `keys` is how many
    keys the tally has, for kinds that say `most_keys`. Without `metadata`, that of the kind holds.
    """

    response_id: str
    participant_id: int
    nickname: str
    at: datetime
    step: int = 0
    seconds: float = 0.0
    streak: int = 0
    taken: Collection[str] = frozenset()
    about: Listed | None = None
    keys: int = 0
    metadata: Metadata | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is kept.

    `slot` is what one participant may fill once: a later answer to it takes the place of the former, or is refused
    where the kind says `is_final`. `is_listed` answers are shown one by one. `is_pending` ones wait for a moderator and
    count for nothing until then.
    """

    data: Json
    slot: str = ""
    is_listed: bool = False
    is_pending: bool = False
    is_final: bool = False
    points: int = 0
    is_correct: bool | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a result is made of: the tally, the answers shown by themselves (most votes first, then the earliest), the
    moments of the latest answers, when the last one came, and how many participants answered.
    """

    tally: Mapping[str, int]
    listed: Sequence[Listed] = ()
    pending: Sequence[Listed] = ()
    moments: Sequence[datetime] = ()
    last_at: datetime | None = None
    participants: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """Where an activity of several questions stands: which question, since when (None: not opened yet), until when,
    whether its solution is out, and whether the activity is over.
    """

    number: int = 0
    opened_at: datetime | None = None
    closes_at: datetime | None = None
    is_revealed: bool = False
    is_over: bool = False

    @property
    def is_out(self) -> bool:
        """Whether everybody may know what was hidden while the question was open."""
        return self.is_revealed or self.is_over


AT_FIRST: Final = Step()
_NUMBERS: Final = ("duration_seconds", "max_responses")
_YES_OR_NO: Final = ("allow_multiple_responses", "show_live_results", "requires_moderation")


class ActivityKind(ABC, Generic[ConfigurationT]):
    """A kind of activity; each is a file of its own, and `registry` lists them."""

    id: ClassVar[str]
    name: ClassVar[str]
    description: ClassVar[str]
    version: ClassVar[str] = "1.0.0"
    metadata: ClassVar[Metadata]
    most_keys: ClassVar[int | None] = None
    """About how many keys the tally of an activity may have, where participants make them; else the kind makes few."""
    configuration: type[ConfigurationT]

    def schema(self) -> Json:
        """The JSON Schema (2020-12) of the configuration."""
        return self.configuration.model_json_schema()

    def metadata_of(self, stored: Mapping[str, JsonValue]) -> Metadata:
        """How an activity goes by what is stored of it; where that says nothing readable, as its kind has it."""
        said: dict[str, Any] = {name: value for name in _NUMBERS if _is_amount(value := stored.get(name))}
        said |= {name: value for name in _YES_OR_NO if isinstance(value := stored.get(name), bool)}
        return replace(self.metadata, **said)

    def about(self, data: Mapping[str, JsonValue]) -> str | None:
        """The id of the listed answer that an answer is about, such as the question that a vote is for."""
        del data
        return None

    def errors_of(self, configuration: Mapping[str, JsonValue]) -> list[str]:
        """All that is wrong with a configuration, in words; empty when nothing is."""
        try:
            self.configuration.model_validate(configuration)
        except ValidationError as error:
            return list(map(_in_words, error.errors()))
        return []

    def read(self, configuration: Mapping[str, JsonValue]) -> ConfigurationT | None:
        """A stored configuration, or None where it is not one of this kind (the contract keeps whatever comes)."""
        try:
            return self.configuration.model_validate(configuration)
        except ValidationError:
            return None

    def public(self, configuration: ConfigurationT, step: Step) -> Json:
        """What participants may see of the configuration; solutions stay out of it until they are revealed."""
        del step
        shown: Json = configuration.model_dump(mode="json")
        return shown

    def steps(self, configuration: ConfigurationT) -> int:
        """How many questions there are, one after the other."""
        del configuration
        return 1

    def seconds_of(self, configuration: ConfigurationT, step: int) -> int | None:
        """How long a question is open by itself, in seconds; None is until somebody closes it."""
        del configuration, step
        return None

    @abstractmethod
    def validate(self, configuration: ConfigurationT, data: Json, asked: Asked) -> Answer:
        """The answer as it is kept; raises AnswerRefused where the activity does not take it."""

    @abstractmethod
    def reduce(self, configuration: ConfigurationT, answer: Json) -> Tally:
        """What a kept answer (its data) adds to the tally."""

    @abstractmethod
    def result(self, configuration: ConfigurationT, seen: Seen, *, step: Step = AT_FIRST) -> Json:
        """What came of it; costs by the number of keys and of listed answers, not of answers."""


def read_answer(shape: type[ShapeT], data: Mapping[str, JsonValue]) -> ShapeT:
    """What was sent, in the shape that a kind takes; raises AnswerRefused that says all that is wrong with it."""
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        raise AnswerRefused("; ".join(map(_in_words, error.errors()))) from None


def kept(name: str, asked: Asked, **said: JsonValue) -> Json:
    """An answer as it is kept: its name, whose it is, what was said, and when."""
    return {"type": name, "participant_id": asked.participant_id, **said, "timestamp": utc(asked.at)}


def signed(answer: Json, asked: Asked, *, is_anonymous: bool) -> Json:
    """A kept answer with its participant's nickname, unless it is anonymous."""
    return answer if is_anonymous else {**answer, "participant_info": {"nickname": asked.nickname}}


def slot_of(asked: Asked, most: int) -> str:
    """The slot of an answer of which one participant may give so many: a single one takes the place of the former, of
    several each has a place of its own; raises AnswerRefused where all are taken.
    """
    if most == 1:
        return ""
    free = next((slot for slot in map(str, range(most)) if slot not in asked.taken), None)
    if free is None:
        raise AnswerRefused(f"you have given {most} answers, and no more are taken")
    return free


def percentage(part: int, whole: int) -> float:
    """A share in percent, with one decimal; 0 of nothing."""
    return round(100 * part / whole, 1) if whole else 0.0


def utc(moment: datetime) -> str:
    """A moment as the interface says it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def last_updated(seen: Seen) -> str | None:
    """When the last answer came."""
    return None if seen.last_at is None else utc(seen.last_at)


def timestamps(seen: Seen) -> list[JsonValue]:
    """When the latest answers came, in their order; at most a hundred, where the contract had no bound."""
    return [utc(moment) for moment in sorted(seen.moments)[-MOST_SHOWN:]]


def _in_words(fault: Mapping[str, Any]) -> str:
    """A fault as pydantic finds it, in words for people who do not know pydantic."""
    place = ".".join(map(str, fault["loc"]))
    said: str = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "union_tag_not_found":
        said = f"say of which {fault['ctx']['discriminator']} it is"
    return f"{place}: {said}" if place else said


def _is_amount(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
