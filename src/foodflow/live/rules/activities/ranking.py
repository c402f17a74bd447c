"""Ranking: items are put in order, all of them or the first few."""

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
from foodflow.live.rules.activities.texts import Different, Option, Prompt, key
from foodflow.numerics import rankings

_RESPONSES, _PLACE, _OVER = "responses", "place", "over"
_BETWEEN = "\n"


class RankingConfiguration(Configuration):
    """What is put in order; `top` is how many items are, where it is not all."""

    question: Prompt
    items: Annotated[list[Option], Field(min_length=2, max_length=12), Different]
    top: Annotated[int, Field(ge=1)] | None = None

    @property
    def ranked(self) -> int:
        """How many items are put in order."""
        return self.top or len(self.items)

    @model_validator(mode="after")
    def _top_fits(self) -> Self:
        if self.ranked > len(self.items):
            message = f"top: there are {len(self.items)} items"
            raise ValueError(message)
        return self


class _Ranking(Shape):
    ranking: Annotated[list[str], Field(min_length=1, max_length=12)]


class Ranking(ActivityKind[RankingConfiguration]):
    """Orders of preference; a later one of a participant takes the place of the former."""

    id = "ranking"
    name = "Ranking"
    description = "Items are put in order; what is preferred by all together is shown."
    metadata = Metadata(duration_seconds=300, show_live_results=False)
    configuration = RankingConfiguration

    def validate(self, configuration: RankingConfiguration, data: Json, asked: Asked) -> Answer:
        """As many items in order as are asked for, each once."""
        order = read_answer(_Ranking, data).ranking
        if not set(order) <= set(configuration.items) or len(set(order)) < len(order):
            raise AnswerRefused("put the items of this activity in order, each once")
        if len(order) != configuration.ranked:
            raise AnswerRefused(f"put {configuration.ranked} items in order")
        return Answer(kept("ranking_response", asked, ranking=list(order)))

    def reduce(self, configuration: RankingConfiguration, answer: Json) -> Tally:
        """One for each item at its place, one for each item before another, and one for the response."""
        order = answer.get("ranking")
        ranked = [str(item) for item in order] if isinstance(order, list) else []
        left_out = [item for item in configuration.items if item not in ranked]
        behind = {item: [*ranked[place + 1 :], *left_out] for place, item in enumerate(ranked)}
        return {
            _RESPONSES: 1,
            **{key(f"{_PLACE}:{place}", item): 1 for place, item in enumerate(ranked)},
            **{_over(item, other): 1 for item, others in behind.items() for other in others},
        }

    def result(self, configuration: RankingConfiguration, seen: Seen, *, step: Step = AT_FIRST) -> Json:
        """Each item's points by Borda, mean rank and first places, most points first; `pairwise` is how many put the
        item of the row before that of the column, both in the order of the configuration; and the item that wins
        against each other one, where there is one.
        """
        del step
        items = configuration.items
        places = [_places(configuration, seen, item) for item in items]
        wins = [[0 if one == other else seen.tally.get(_over(one, other), 0) for other in items] for one in items]
        winner = rankings.condorcet_winner(wins)
        return {
            "type": "ranking_results",
            "question": configuration.question,
            "options": list(items),
            "top": configuration.top,
            "items": _items(items, places),
            "pairwise": [list(row) for row in wins],
            "condorcet_winner": None if winner is None else items[winner],
            "total_responses": seen.tally.get(_RESPONSES, 0),
            "last_updated": last_updated(seen),
        }


def _over(item: str, other: str) -> str:
    return key(_OVER, f"{item}{_BETWEEN}{other}")


def _places(configuration: RankingConfiguration, seen: Seen, item: str) -> list[int]:
    """How many put an item at each place that there is."""
    return [seen.tally.get(key(f"{_PLACE}:{place}", item), 0) for place in range(len(configuration.items))]


def _items(items: list[str], places: list[list[int]]) -> list[JsonValue]:
    points, ranks = rankings.borda(places), rankings.mean_ranks(places)
    best_first = sorted(range(len(items)), key=lambda each: (-points[each], -places[each][0], each))
    return [
        {
            "item": items[each],
            "points": points[each],
            "mean_rank": _rounded(ranks[each]),
            "first_places": places[each][0],
            "ranked_by": sum(places[each]),
        }
        for each in best_first
    ]


def _rounded(rank: Fraction | None) -> float | None:
    return None if rank is None else round(float(rank), 2)
