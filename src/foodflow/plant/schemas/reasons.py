"""Wire shapes of reasons."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field

from foodflow.kernel.wire import In, Instant, Line, Out, Patch, Versioned
from foodflow.numerics.losses import Loss
from foodflow.plant.rules.reasons import Category
from foodflow.plant.schemas.shared import Code
from foodflow.plant.tables.reasons import StopReason

LossField = Annotated[Loss | None, Field(description="Which of the six big losses; null: none, it is not counted")]


class ReasonIn(In):
    """A new reason; below another, or at the top."""

    parent_id: UUID | None = None
    code: Code
    name: Line
    is_planned: bool = False
    category: Category
    loss: LossField = None


class ReasonPatch(Patch):
    """Changes of a reason; `parent_id` hangs it elsewhere, with all below it."""

    parent_id: UUID | None = None
    code: Code = ""
    name: Line = ""
    is_planned: bool = False
    category: Category = Category.OTHER
    loss: LossField = None
    is_active: bool = True


class ReasonOut(Versioned):
    """A reason."""

    id: UUID
    parent_id: UUID | None
    code: str
    name: str
    is_planned: bool
    category: Category
    loss: LossField
    is_active: bool
    created_at: Instant
    updated_at: Instant


class Branch(Out):
    """A reason with those below it."""

    id: UUID
    code: str
    name: str
    is_planned: bool
    category: Category
    loss: LossField
    is_active: bool
    version: int
    children: list["Branch"]


def tree_of(reasons: Sequence[StopReason]) -> list[Branch]:
    """All reasons as a tree, by code."""
    below: dict[UUID | None, list[Branch]] = {}
    branches = {each.id: _branch(each) for each in reasons}
    for each in reasons:
        below.setdefault(each.parent_id, []).append(branches[each.id])
    for id, branch in branches.items():
        branch.children = below.get(id, [])
    return below.get(None, [])


def _branch(reason: StopReason) -> Branch:
    told = {name: getattr(reason, name) for name in Branch.model_fields if name != "children"}
    return Branch(**told, children=[])
