"""Scores: what of them may be known, and what places they bring."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from foodflow.live.rules.activities.kind import Json, Step
from foodflow.live.rules.activity_states import ActivityState

MOST_RANKED: Final = 1000
"""Places of a leaderboard, at most."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A place on the leaderboard. Whoever has the same score shares a rank, and the next rank is as many further on
    (standard competition ranking: 1, 2, 2, 4).
    """

    rank: int
    participant_id: int
    nickname: str
    score: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What a participant may know of themselves; `responses` are their own answers to the activity that is open, by
    slot. Whoever was sent out has no rank.
    """

    participant_id: int
    nickname: str
    score: int
    streak: int
    correct: int
    answered: int
    rank: int | None
    responses: dict[str, Json]


def unrevealed_since(state: str, step: Step) -> datetime | None:
    """From when on answers to an activity are not to be seen in scores, because the solution of its open question is
    not out; None where there is nothing to hide.
    """
    return step.opened_at if state == ActivityState.ACTIVE and not step.is_out else None
