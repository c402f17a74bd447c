"""What every kind of activity is: four functions and two shapes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from foodflow.kernel.errors import Malformed

ConfigurationT = TypeVar("ConfigurationT", bound="Configuration")
ShapeT = TypeVar("ShapeT", bound=BaseModel)
Json = dict[str, JsonValue]
Tally = dict[str, int]
"""What answers add up to: amounts by key. Each answer adds to a few keys, so that a result costs the same per answer at
ten and at ten thousand answers; taking one back adds the negative."""


class AnswerRefused(Malformed):
    """The activity does not take this answer."""

    code = "live.response.invalid"


class Configuration(BaseModel):
    """What an activity is set up with. Fields that a kind does not know are ignored, as the contract wants it."""

    model_config = ConfigDict(extra="ignore", frozen=True)


@dataclass(frozen=True, slots=True)
class Metadata:
    """How an activity of a kind goes unless its facilitator says otherwise."""

    duration_seconds: int | None
    max_responses: int | None = None
    allow_multiple_responses: bool = False
    show_live_results: bool = True
    requires_moderation: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a question at the moment of an answer to it.

    `step` is the number of the open question (from 0), `seconds` the time since it was opened, `streak` how many
    questions the participant had answered rightly in a row.
    """

    response_id: str
    participant_id: int
    nickname: str
    at: datetime
    step: int = 0
    seconds: float = 0.0
    streak: int = 0


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
class Listed:
    """One answer that is shown by itself: a question, a text."""

    id: str
    participant_id: int
    nickname: str
    data: Json
    at: datetime
    status: str
    votes: int = 0


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
    """Where an activity of several questions stands: which question, since when, until when, and whether its solution
    is out.
    """

    number: int = 0
    opened_at: datetime | None = None
    closes_at: datetime | None = None
    is_revealed: bool = False


AT_FIRST: Final = Step()


class ActivityKind(ABC, Generic[ConfigurationT]):
    """A kind of activity; each is a file of its own, and `registry` lists them."""

    id: ClassVar[str]
    name: ClassVar[str]
    description: ClassVar[str]
    version: ClassVar[str] = "1.0.0"
    metadata: ClassVar[Metadata]
    configuration: type[ConfigurationT]

    def schema(self) -> Json:
        """The JSON Schema (2020-12) of the configuration."""
        return {**self.configuration.model_json_schema(), "additionalProperties": False}

    def errors_of(self, configuration: Mapping[str, JsonValue]) -> list[str]:
        """All that is wrong with a configuration, in words; empty when nothing is."""
        try:
            self.configuration.model_validate(configuration)
        except ValidationError as error:
            return [_in_words(fault["loc"], fault["msg"]) for fault in error.errors()]
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


def _in_words(location: Sequence[int | str], message: str) -> str:
    place = ".".join(map(str, location))
    said = message.removeprefix("Value error, ")
    return f"{place}: {said}" if place else said


def read_answer(shape: type[ShapeT], data: Mapping[str, JsonValue]) -> ShapeT:
    """What was sent, in the shape that a kind takes; raises AnswerRefused that says all that is wrong with it."""
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        raise AnswerRefused("; ".join(_in_words(each["loc"], each["msg"]) for each in error.errors())) from None


def percentage(part: int, whole: int) -> float:
    """A share in percent, with one decimal; 0 of nothing."""
    return round(100 * part / whole, 1) if whole else 0.0
