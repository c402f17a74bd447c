"""What a machine made, from its running counter: machines count since they were switched on, plants count since the
report before.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a counter shows: items counted since its last reset, all at least 0."""

    good: Decimal = Decimal(0)
    scrap: Decimal = Decimal(0)
    rework: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if min(self.good, self.scrap, self.rework) < 0:
            raise ValueError(f"a counter shows at least 0, not {self}")

    @property
    def together(self) -> Decimal:
        """All items, whatever they are."""
        return self.good + self.scrap + self.rework


@dataclass(frozen=True, slots=True)
class Made:
    """What was made between two looks at a counter, and whether it was set back to 0 in between."""

    amounts: Totals
    was_reset: bool


def made_between(before: Totals, after: Totals) -> Made:
    """The difference of two looks at a counter.

    Where any of its totals has gone down, the counter was set back in between: then it shows what was made since, and
    what was made between the first look and the reset is lost. A counter that was reset and has overtaken all its
    former totals looks like one that ran on; nobody can tell from the totals alone.
    """
    was_reset = after.good < before.good or after.scrap < before.scrap or after.rework < before.rework
    if was_reset:
        return Made(after, was_reset=True)
    return Made(
        Totals(good=after.good - before.good, scrap=after.scrap - before.scrap, rework=after.rework - before.rework),
        was_reset=False,
    )
