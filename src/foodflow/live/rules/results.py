"""Decisions about results: who sees them, and how much of them is listed."""

from enum import StrEnum
from typing import Final

from foodflow.kernel.errors import Forbidden, NotFound

MOST_LISTED: Final = 200
"""Answers shown one by one, at most."""
MOST_MOMENTS: Final = 100
"""Moments of the latest answers, at most."""
MOST_VOTES: Final = 2000
"""The latest votes, of which is told who gave them, at most."""


class Audience(StrEnum):
    """Who looks at a result: who leads, or everybody else, to whom it is shown when the facilitator shows it."""

    FACILITATOR = "facilitator"
    EVERYBODY = "everybody"


class ResultsHidden(Forbidden):
    """The facilitator has not shown the results."""

    code = "live.results.hidden"


class NoResults(NotFound):
    """The activity is of no kind that there is, or is not set up as its kind wants it; so nothing comes of it."""

    code = "live.results.none"


def sees(audience: Audience, *, shows_results: bool) -> bool:
    """Whether somebody sees an activity's results."""
    return shows_results or audience == Audience.FACILITATOR


def require_shown(audience: Audience, *, shows_results: bool) -> None:
    """Refuse to whom the results are not shown."""
    if not sees(audience, shows_results=shows_results):
        raise ResultsHidden("the results are shown when the facilitator shows them")
