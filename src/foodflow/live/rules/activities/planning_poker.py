"""Planning poker: everybody chooses a card in secret, and all are turned over at once."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Final, Self

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
from foodflow.live.rules.activities.texts import Different, Prompt, Readable, key
from foodflow.numerics import histograms

_RESPONSES, _CARD = "responses", "card"
UNSURE, BREAK = "?", "☕"
"""Cards that are no estimate."""
_A_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?")


class Deck(StrEnum):
    """Which cards there are to choose from."""

    FIBONACCI = "fibonacci"
    T_SHIRT = "t_shirt"
    POWERS = "powers"
    CUSTOM = "custom"


CARDS: Final[Mapping[Deck, Sequence[str]]] = {
    Deck.FIBONACCI: ("0", "1", "2", "3", "5", "8", "13", "21", "34", "55", "89", UNSURE, BREAK),
    Deck.T_SHIRT: ("XS", "S", "M", "L", "XL", "XXL", UNSURE, BREAK),
    Deck.POWERS: ("0", "1", "2", "4", "8", "16", "32", "64", UNSURE, BREAK),
}


class PlanningPokerConfiguration(Configuration):
    """What is estimated, and with which cards, the smallest first; `cards` are those of a custom deck."""

    story: Prompt
    deck: Annotated[Deck, Field(strict=False)] = Deck.FIBONACCI
    cards: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=10), Readable]],
        Field(max_length=20, default_factory=list),
        Different,
    ]

    @property
    def all_cards(self) -> Sequence[str]:
        """The cards that may be chosen."""
        return CARDS.get(self.deck, self.cards)

    @model_validator(mode="after")
    def _cards_fit(self) -> Self:
        least = 2 if self.deck == Deck.CUSTOM else 0
        if len(self.cards) < least:
            message = "cards: a custom deck has two cards at least"
            raise ValueError(message)
        if self.cards and self.deck != Deck.CUSTOM:
            message = "cards: only a custom deck has cards of its own"
            raise ValueError(message)
        return self


class _Choice(Shape):
    card: Annotated[str, Field(max_length=10)]


class PlanningPoker(ActivityKind[PlanningPokerConfiguration]):
    """Cards that nobody sees until they are revealed; until then, a later one takes the place of the former. For
    another round the facilitator takes back what was chosen.
    """

    id = "planning_poker"
    name = "Planning Poker"
    description = "Everybody estimates with a card in secret; all cards are turned over at once."
    metadata = Metadata()
    configuration = PlanningPokerConfiguration

    def public(self, configuration: PlanningPokerConfiguration, step: Step) -> Json:
        """All of it, with the cards that may be chosen."""
        return {**super().public(configuration, step), "cards": list(configuration.all_cards)}

    def validate(self, configuration: PlanningPokerConfiguration, data: Json, asked: Asked) -> Answer:
        """A card of the deck."""
        card = read_answer(_Choice, data).card
        if card not in configuration.all_cards:
            raise AnswerRefused("choose a card of this deck")
        return Answer(kept("card_response", asked, card=card))

    def reduce(self, configuration: PlanningPokerConfiguration, answer: Json) -> Tally:
        """One for the card, and one for the response."""
        del configuration
        return {_RESPONSES: 1, key(_CARD, str(answer.get("card"))): 1}

    def result(self, configuration: PlanningPokerConfiguration, seen: Seen, *, step: Step = AT_FIRST) -> Json:
        """How many have chosen; once revealed, how often each card was. The smallest and the largest are those of the
        deck's order, mean and median are of cards that are numbers, and consensus is that all chose the same estimate.
        """
        cards = configuration.all_cards
        counts = {card: seen.tally.get(key(_CARD, card), 0) for card in cards}
        return {
            "type": "planning_poker_results",
            "story": configuration.story,
            "cards": list(cards),
            "total_responses": seen.tally.get(_RESPONSES, 0),
            "is_revealed": step.is_out,
            **_estimate(counts if step.is_out else {}),
            "last_updated": last_updated(seen),
        }


def _estimate(counts: Mapping[str, int]) -> Json:
    """What the cards say together; nothing while they are not known."""
    chosen = [card for card, count in counts.items() if count > 0]
    estimates = [card for card in chosen if card not in {UNSURE, BREAK}]
    numbers: Counter[Fraction] = Counter()
    for card in estimates:
        if (number := _number(card)) is not None:
            numbers[number] += counts[card]
    said: dict[str, JsonValue] = dict(counts)
    return {
        "counts": said or None,
        "min": estimates[0] if estimates else None,
        "max": estimates[-1] if estimates else None,
        "mean": _rounded(histograms.mean(numbers)),
        "median": _rounded(histograms.median(numbers)),
        "consensus": len(chosen) == 1 and len(estimates) == 1 if counts else None,
    }


def _number(card: str) -> Fraction | None:
    return Fraction(card) if _A_NUMBER.fullmatch(card) else None


def _rounded(value: Fraction | None) -> float | None:
    return None if value is None else round(float(value), 2)
