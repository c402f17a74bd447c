"""Decisions about counts, and their refusals."""

from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound

CORRECT = "plant.configure"
"""Who may put right what a batch that is over has made."""


class CountNotFound(NotFound):
    """No such count in this company."""

    code = "plant.count.not_found"


class CountContradicted(Conflict):
    """Something else was reported under the same name or for the same moment."""

    code = "plant.count.contradicted"


class CountReversed(Conflict):
    """A count is taken back once, and what takes it back not at all."""

    code = "plant.count.reversed"


class MayNotCorrect(Forbidden):
    """What a batch that is over has made is put right by those who configure the plant."""

    code = "plant.count.may_not_correct"


def may_correct(actor: Actor) -> bool:
    """Whether an actor may put right what is final for others."""
    return actor.may(CORRECT)


def require_may_correct(actor: Actor, *, number: str) -> None:
    """What a batch has made is final when it is over, but for those who may put it right."""
    if not may_correct(actor):
        raise MayNotCorrect(f"batch {number} is over; taking back what it made needs the permission {CORRECT}")


def require_unit(given: str, own: str, *, number: str) -> None:
    """A batch is counted in one unit."""
    if given and given != own:
        message = f"batch {number} is counted in {own or 'items'}, not in {given}"
        raise Invalid.because(FieldError("unit", message, "plant.count.other_unit"))


def require_not_reversed(*, is_reversed: bool, is_reversal: bool) -> None:
    """Taking back is done once."""
    if is_reversal:
        raise CountReversed("this count takes back another one; record what was made as a count of its own")
    if is_reversed:
        raise CountReversed("this count has been taken back already")
