"""Rating: one thing or several, on a scale of numbers."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, Self

from pydantic import Field, JsonValue, model_validator

from foodflow.live.rules.activities.kind import (
    AT_FIRST,
    ActivityKind,
    Answer,
    AnswerRefused,
    Asked,
    Configuration,
    Json,
    Metadata,
    Seen,
    Shape,
    Step,
    Tally,
    kept,
    last_updated,
    read_answer,
)
from foodflow.live.rules.activities.texts import Different, Option, Prompt, Readable, key
from foodflow.numerics import histograms

_RESPONSES, _GRADE = "responses", "grade"
_TEN, _ENDS = 10, 2


class RatingConfiguration(Configuration):
    """A question and its scale, from 1, or from 0 with `from_zero`, up to `scale`. `labels` say in words what the two
    ends of the scale are, or each grade of it.
    """

    question: Prompt
    scale: Annotated[int, Field(ge=2, le=10)] = 5
    from_zero: bool = False
    labels: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=50), Readable]], Field(max_length=11, default_factory=list)
    ]
    items: Annotated[list[Option], Field(max_length=20, default_factory=list), Different]

    @property
    def grades(self) -> range:
        """The grades that may be given."""
        return range(0 if self.from_zero else 1, self.scale + 1)

    @property
    def asks_to_recommend(self) -> bool:
        """Whether the scale is the one of the net promoter score."""
        return self.from_zero and self.scale == _TEN

    @model_validator(mode="after")
    def _labels_fit(self) -> Self:
        if len(self.labels) not in {0, _ENDS, len(self.grades)}:
            message = f"labels: name the two ends of the scale, or all {len(self.grades)} grades"
            raise ValueError(message)
        return self


class _Grade(Shape):
    rating: int


class _Grades(Shape):
    ratings: Annotated[dict[str, int], Field(min_length=1, max_length=20)]


class Rating(ActivityKind[RatingConfiguration]):
    """Grades of one thing, or of several, of which some may be left out; later ones take the place of the former."""

    id = "rating"
    name = "Rating"
    description = "One thing or several are rated on a scale; the mean and how the grades spread are shown."
    metadata = Metadata(duration_seconds=300, show_live_results=False)
    configuration = RatingConfiguration

    def public(self, configuration: RatingConfiguration, step: Step) -> Json:
        """All of it, and the grades that may be given."""
        return {**super().public(configuration, step), "grades": list(configuration.grades)}

    def validate(self, configuration: RatingConfiguration, data: Json, asked: Asked) -> Answer:
        """A grade, or a grade for each item that is rated."""
        if not configuration.items:
            rating = read_answer(_Grade, data).rating
            _require_grades(configuration, [rating])
            return Answer(kept("rating_response", asked, rating=rating))
        ratings = read_answer(_Grades, data).ratings
        if not set(ratings) <= set(configuration.items):
            raise AnswerRefused("rate the items of this activity")
        _require_grades(configuration, list(ratings.values()))
        said: Json = {item: ratings[item] for item in configuration.items if item in ratings}
        return Answer(kept("rating_response", asked, ratings=said))

    def reduce(self, configuration: RatingConfiguration, answer: Json) -> Tally:
        """One for each grade that was given to something, and one for the response."""
        del configuration
        ratings = answer.get("ratings")
        given = ratings if isinstance(ratings, dict) else {"": answer.get("rating")}
        return {_RESPONSES: 1, **{key(f"{_GRADE}:{grade}", item): 1 for item, grade in given.items()}}

    def result(self, configuration: RatingConfiguration, seen: Seen, *, step: Step = AT_FIRST) -> Json:
        """How the grades of each item spread, with mean, median and standard deviation; on the scale from 0 to 10 also
        the net promoter score. A question without items is one item without a name.
        """
        del step
        items = configuration.items or [""]
        return {
            "type": "rating_results",
            "question": configuration.question,
            "grades": list(configuration.grades),
            "labels": list(configuration.labels),
            "items": [_item(configuration, seen, item) for item in items],
            "total_responses": seen.tally.get(_RESPONSES, 0),
            "last_updated": last_updated(seen),
        }


def _require_grades(configuration: RatingConfiguration, given: Sequence[int]) -> None:
    grades = configuration.grades
    if not all(grade in grades for grade in given):
        raise AnswerRefused(f"grades go from {grades[0]} to {grades[-1]}")


def _item(configuration: RatingConfiguration, seen: Seen, item: str) -> Json:
    histogram = {grade: seen.tally.get(key(f"{_GRADE}:{grade}", item), 0) for grade in configuration.grades}
    counts = {Fraction(grade): count for grade, count in histogram.items()}
    said: Json = {
        "item": item or None,
        "n": histograms.total(counts),
        "histogram": {str(grade): count for grade, count in histogram.items()},
        "mean": _rounded(histograms.mean(counts)),
        "median": _rounded(histograms.median(counts)),
        "standard_deviation": _rounded(histograms.standard_deviation(counts)),
    }
    return {**said, "nps": _promotion(counts)} if configuration.asks_to_recommend else said


def _promotion(counts: histograms.Counts) -> JsonValue:
    found = histograms.promotion(counts)
    return {
        "promoters": found.promoters,
        "passives": found.passives,
        "detractors": found.detractors,
        "score": None if found.score is None else round(float(found.score), 1),
    }


def _rounded(value: Fraction | float | None) -> float | None:
    return None if value is None else round(float(value), 2)
