"""The kinds of activity that there are."""

from typing import Any, Final

from foodflow.kernel.errors import Malformed, NotFound
from foodflow.live.rules.activities.kind import ActivityKind
from foodflow.live.rules.activities.open_text import OpenText
from foodflow.live.rules.activities.planning_poker import PlanningPoker
from foodflow.live.rules.activities.poll import Poll
from foodflow.live.rules.activities.qna import Qna
from foodflow.live.rules.activities.quiz import Quiz
from foodflow.live.rules.activities.ranking import Ranking
from foodflow.live.rules.activities.rating import Rating
from foodflow.live.rules.activities.word_cloud import WordCloud

KINDS: Final[dict[str, ActivityKind[Any]]] = {
    kind.id: kind for kind in (Poll(), Qna(), WordCloud(), Quiz(), Rating(), Ranking(), PlanningPoker(), OpenText())
}
"""By the name that activities carry as their type."""


class KindNotFound(NotFound):
    """No such kind of activity."""

    code = "live.activity.kind_not_found"


class KindUnknown(Malformed):
    """An activity of no kind that there is cannot be led."""

    code = "live.activity.kind_unknown"


def kind_named(id: str) -> ActivityKind[Any]:
    """The kind of a name, or a refusal."""
    kind = KINDS.get(id)
    if kind is None:
        raise KindNotFound(f"there is no kind of activity {id!r}; there are {', '.join(KINDS)}")
    return kind
