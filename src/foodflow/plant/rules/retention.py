"""Decisions about how long readings are kept, and their refusals."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import FieldError, Forbidden, Invalid

MAX_DAYS = 36_500


class WholeCompanyOnly(Forbidden):
    """How long readings are kept is decided for the whole company."""

    code = "plant.retention.whole_company_only"


@dataclass(frozen=True, slots=True)
class Kept:
    """How many days readings, their minutes and their hours are kept; None: for ever."""

    raw: int | None
    minutes: int | None
    hours: int | None


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """Before which midnight (UTC) each kind is removed; None: never."""

    raw: datetime | None
    minutes: datetime | None
    hours: datetime | None


def require_whole_company(actor: Actor) -> None:
    """Whoever is for some sites alone does not decide for the others."""
    if actor.sites is not None:
        raise WholeCompanyOnly(
            "how long readings are kept holds for the whole company, and you are for some sites only"
        )


def require_outliving(kept: Kept) -> None:
    """What is coarser is kept at least as long as what it is made of, or the past would have holes."""
    named = (("minutes_kept_days", kept.raw, kept.minutes), ("hours_kept_days", kept.minutes, kept.hours))
    for name, finer, coarser in named:
        if coarser is not None and (finer is None or coarser < finer):
            message = f"must not be less than {'for ever' if finer is None else finer}, which what is finer is kept"
            raise Invalid.because(FieldError(name, message, "plant.retention.outlived"))


def cutoffs(kept: Kept, now: datetime) -> Cutoffs:
    """Before which midnight things are old: whole days only."""
    return Cutoffs(_midnight(kept.raw, now), _midnight(kept.minutes, now), _midnight(kept.hours, now))


def _midnight(days: int | None, now: datetime) -> datetime | None:
    if days is None:
        return None
    return (now - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
