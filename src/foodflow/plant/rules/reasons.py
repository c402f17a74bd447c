"""Decisions about why lines stop, and their refusals."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from foodflow.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from foodflow.plant.rules.lines import LineState

MAX_REASONS = 1_000


class Category(StrEnum):
    """Kinds of reasons."""

    MECHANICAL = "mechanical"
    ELECTRICAL = "electrical"
    CHANGEOVER = "changeover"
    NO_MATERIAL = "no_material"
    NO_OPERATOR = "no_operator"
    QUALITY_ISSUE = "quality_issue"
    PLANNED_MAINTENANCE = "planned_maintenance"
    OTHER = "other"


class ReasonNotFound(NotFound):
    """No such reason in this company."""

    code = "plant.reason.not_found"


class ReasonInUse(Conflict):
    """Stops have this reason, or reasons hang below it."""

    code = "plant.reason.in_use"


class ReasonInactive(Conflict):
    """The reason is no longer given to stops."""

    code = "plant.reason.inactive"


class CompanyWide(Forbidden):
    """The tree is the whole company's; whoever is for some sites alone does not change it."""

    code = "plant.reason.company_wide"


class TooManyReasons(Conflict):
    """A company has as many reasons as it can have."""

    code = "plant.reason.too_many"


def require_all_sites(sites: frozenset[str] | None) -> None:
    """Reasons are those of all sites."""
    if sites is not None:
        raise CompanyWide("reasons belong to all sites of the company; ask somebody who is for all of them")


def require_no_circle(parents: Mapping[UUID, UUID | None], id: UUID, parent_id: UUID | None) -> None:
    """A reason does not hang below itself."""
    above = parent_id
    while above is not None:
        if above == id:
            message = "a reason cannot hang below itself"
            raise Invalid.because(FieldError("parent_id", message, "plant.reason.circle"))
        above = parents.get(above)


def require_known_parent(parents: Mapping[UUID, UUID | None], parent_id: UUID | None) -> None:
    """What a reason hangs below exists."""
    if parent_id is not None and parent_id not in parents:
        message = f"there is no reason {parent_id}"
        raise Invalid.because(FieldError("parent_id", message, "plant.reason.unknown_parent"))


def require_in_use(*, is_active: bool, code: str) -> None:
    """A reason that is out of use is given to no further stop."""
    if not is_active:
        raise ReasonInactive(f"reason {code} is out of use; choose another")


def state_for(category: str, loss: str | None, *, is_planned: bool) -> LineState:
    """The state of a line that stops for a reason: planned and no loss is maintenance, outside planned busy time."""
    if category == Category.CHANGEOVER:
        return LineState.CHANGEOVER
    return LineState.MAINTENANCE if is_planned and loss is None else LineState.DOWNTIME
