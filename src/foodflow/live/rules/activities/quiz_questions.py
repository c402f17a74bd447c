"""The questions of a quiz, by their kinds: what each is set up with, what answers it, and how right that is."""

import hashlib
from abc import abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, JsonValue, model_validator

from foodflow.live.rules.activities.kind import AnswerRefused, Configuration, Json, Shape
from foodflow.live.rules.activities.points import share_of_choices
from foodflow.live.rules.activities.texts import Different, Option, Prompt, Readable, listing, normalised
from foodflow.numerics import rankings

LARGEST: Final = 1e15
_RIGHT, _WRONG, _LOW, _HIGH = "right", "wrong", "low", "high"
_YES, _NO = "true", "false"
_ALL, _NOTHING = Fraction(1), Fraction(0)
Options = Annotated[list[Option], Field(min_length=2, max_length=10), Different]
Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Word = Annotated[str, Field(min_length=1, max_length=200), Readable]


class QuizAnswer(Shape):
    """An answer to a question: the number of the question, and the one field that its kind takes."""

    question: int
    choice: str | None = None
    choices: Annotated[list[str], Field(max_length=10)] | None = None
    value: bool | Number | None = None
    order: Annotated[list[str], Field(max_length=10)] | None = None
    text: Annotated[str, Field(max_length=200)] | None = None


class Question(Configuration):
    """What all questions have: a text, the time in seconds, the points, and what is said with the solution."""

    field: ClassVar[str]
    """The field of an answer that this kind takes."""
    text: Prompt
    seconds: Annotated[int, Field(ge=5, le=600)] = 20
    points: Annotated[int, Field(ge=0, le=10_000)] = 1000
    explanation: Annotated[str, Field(min_length=1, max_length=1000), Readable] | None = None

    @property
    @abstractmethod
    def labels(self) -> Sequence[str]:
        """What is counted of answers; there are few of them, whatever is answered."""

    @abstractmethod
    def given(self, answer: QuizAnswer) -> JsonValue:
        """What was answered, as it is kept; raises AnswerRefused where it is no answer to this."""

    @abstractmethod
    def share(self, given: JsonValue) -> Fraction:
        """How right what was answered is, from 0 to 1."""

    @abstractmethod
    def counted(self, given: JsonValue) -> Sequence[str]:
        """The labels under which what was answered counts, each once."""

    def shown(self) -> Json:
        """What participants see while they answer."""
        return self.model_dump(mode="json", exclude={"solution", "tolerance", "explanation"})

    def solved(self) -> Json:
        """What they see when the solution is out."""
        return self.model_dump(mode="json", include={"solution", "explanation"})


class SingleChoice(Question):
    """One of the options is right."""

    field = "choice"
    kind: Literal["single"]
    options: Options
    solution: Option

    @property
    def labels(self) -> Sequence[str]:
        return self.options

    def given(self, answer: QuizAnswer) -> JsonValue:
        if answer.choice not in self.options:
            raise AnswerRefused("choice: choose one of the options")
        return answer.choice

    def share(self, given: JsonValue) -> Fraction:
        return _ALL if given == self.solution else _NOTHING

    def counted(self, given: JsonValue) -> Sequence[str]:
        return [str(given)]

    @model_validator(mode="after")
    def _solution_fits(self) -> Self:
        _require(self.solution in self.options, "solution: must be one of the options")
        return self


class MultipleChoice(Question):
    """Some of the options are right, and all of those together are the solution."""

    field = "choices"
    kind: Literal["multiple"]
    options: Options
    solution: Annotated[list[Option], Field(min_length=1, max_length=10), Different]

    @property
    def labels(self) -> Sequence[str]:
        return self.options

    def given(self, answer: QuizAnswer) -> JsonValue:
        chosen = set(answer.choices or ())
        if not chosen or not chosen <= set(self.options):
            raise AnswerRefused("choices: choose some of the options")
        return [option for option in self.options if option in chosen]

    def share(self, given: JsonValue) -> Fraction:
        return share_of_choices(_texts(given), self.solution)

    def counted(self, given: JsonValue) -> Sequence[str]:
        return _texts(given)

    @model_validator(mode="after")
    def _solution_fits(self) -> Self:
        _require(set(self.solution) <= set(self.options), "solution: must be some of the options")
        return self


class TrueOrFalse(Question):
    """Something is said that is true or is not."""

    field = "value"
    kind: Literal["true_false"]
    solution: bool

    @property
    def labels(self) -> Sequence[str]:
        return (_YES, _NO)

    def given(self, answer: QuizAnswer) -> JsonValue:
        if not isinstance(answer.value, bool):
            raise AnswerRefused("value: say true or false")
        return answer.value

    def share(self, given: JsonValue) -> Fraction:
        return _ALL if given is self.solution else _NOTHING

    def counted(self, given: JsonValue) -> Sequence[str]:
        return [_YES if given is True else _NO]


class NumberQuestion(Question):
    """A number is asked for, and one that is not further away than the tolerance is right."""

    field = "value"
    kind: Literal["number"]
    solution: Number
    tolerance: Annotated[float, Field(ge=0, le=LARGEST)] = 0.0

    @property
    def labels(self) -> Sequence[str]:
        return (_LOW, _RIGHT, _HIGH)

    def given(self, answer: QuizAnswer) -> JsonValue:
        if answer.value is None or isinstance(answer.value, bool):
            raise AnswerRefused("value: give a number")
        return answer.value

    def share(self, given: JsonValue) -> Fraction:
        return _ALL if self._off(given) == 0 else _NOTHING

    def counted(self, given: JsonValue) -> Sequence[str]:
        off = self._off(given)
        return [_RIGHT if off == 0 else _LOW if off < 0 else _HIGH]

    def _off(self, given: JsonValue) -> Decimal:
        """How far a number is outside the tolerance, in the decimals that people write: 0.1 and 0.2 make 0.3."""
        off = Decimal(str(given)) - Decimal(str(self.solution))
        return Decimal(0) if abs(off) <= Decimal(str(self.tolerance)) else off


class OrderQuestion(Question):
    """The options are put in order. How right that is is Kendall's tau, and nothing where chance does better. They are
    shown in an order that says nothing of the solution.
    """

    field = "order"
    kind: Literal["order"]
    options: Options
    solution: Options

    @property
    def labels(self) -> Sequence[str]:
        return self.options

    def given(self, answer: QuizAnswer) -> JsonValue:
        order = answer.order or []
        if sorted(order) != sorted(self.options):
            raise AnswerRefused("order: put all options in order, each once")
        return list(order)

    def share(self, given: JsonValue) -> Fraction:
        order = _texts(given)
        if set(order) != set(self.solution):
            return _NOTHING
        return max(rankings.tau([self.solution.index(option) for option in order]), _NOTHING)

    def counted(self, given: JsonValue) -> Sequence[str]:
        """The options that stand where they belong."""
        return [option for option, right in zip(_texts(given), self.solution, strict=False) if option == right]

    def shown(self) -> Json:
        mixed = sorted(self.options, key=lambda option: hashlib.sha256(option.encode()).digest())
        return {**super().shown(), "options": list(mixed)}

    @model_validator(mode="after")
    def _solution_fits(self) -> Self:
        _require(sorted(self.solution) == sorted(self.options), "solution: must be all options in order")
        return self


class TextQuestion(Question):
    """A word or a few are asked for. Case, punctuation and spaces do not matter, and several spellings may be right."""

    field = "text"
    kind: Literal["text"]
    solution: Word | Annotated[list[Word], Field(min_length=1, max_length=20)]

    @property
    def labels(self) -> Sequence[str]:
        return (_RIGHT, _WRONG)

    @property
    def accepted(self) -> list[str]:
        """The spellings that are right."""
        return [self.solution] if isinstance(self.solution, str) else self.solution

    def given(self, answer: QuizAnswer) -> JsonValue:
        text = (answer.text or "").strip()
        if not normalised(text):
            raise AnswerRefused("text: write a word")
        return text

    def share(self, given: JsonValue) -> Fraction:
        right = {normalised(each) for each in self.accepted}
        return _ALL if normalised(str(given)) in right else _NOTHING

    def counted(self, given: JsonValue) -> Sequence[str]:
        return [_RIGHT if self.share(given) == _ALL else _WRONG]

    def solved(self) -> Json:
        return {**super().solved(), "solution": list(self.accepted)}

    @model_validator(mode="after")
    def _solution_fits(self) -> Self:
        _require(all(map(normalised, self.accepted)), "solution: must hold letters or digits")
        return self


AnyQuestion = Annotated[
    SingleChoice | MultipleChoice | TrueOrFalse | NumberQuestion | OrderQuestion | TextQuestion,
    Field(discriminator="kind"),
]


def _require(is_so: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not is_so:
        raise ValueError(message)


def _texts(given: JsonValue) -> list[str]:
    return listing([str(each) for each in given]) if isinstance(given, list) else []
