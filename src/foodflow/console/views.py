"""What a visitor asks of the board, as it stands in the address, and what the templates are given for it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote, urlencode

from fastapi import Query

from foodflow.kernel import clock
from foodflow.plant.public import CHARTS, Board, Choice

Hours = Literal["8", "24", "168"]
Span = Literal["1h", "24h", "7d", "all"]

HOURS: Final[dict[Hours, str]] = {"8": "8 h", "24": "24 h", "168": "7 days"}
SPANS: Final[dict[Span, str]] = {"1h": "1 h", "24h": "24 h", "7d": "7 days", "all": "All"}
_LENGTHS: Final[dict[Span, timedelta | None]] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "all": None,
}
_MOST_PAGES: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The part of an address after the question mark."""

    hours: Hours = "8"
    span: Span = "24h"
    line: str = ""
    outside: bool = False
    page: int = 1

    @property
    def choice(self) -> Choice:
        """The same in the plant's words."""
        return Choice(
            hours=int(self.hours),
            span=_LENGTHS[self.span],
            line=self.line,
            outside_only=self.outside,
            page=self.page,
        )

    def address(self, **changes: str) -> str:
        """The board's address with some things changed; whatever is as by default is left out."""
        now = {"hours": self.hours, "span": self.span, "line": self.line, "outside": "1" if self.outside else ""}
        wanted = now | {"page": str(self.page)} | changes
        usual = {"hours": "8", "span": "24h", "line": "", "outside": "", "page": "1"}
        query = urlencode({name: value for name, value in wanted.items() if value != usual[name]})
        return f"/?{query}" if query else "/"


def asked(
    hours: Hours = "8",
    span: Span = "24h",
    line: Annotated[str, Query(max_length=255)] = "",
    *,
    outside: bool = False,
    page: Annotated[int, Query(ge=1, le=_MOST_PAGES)] = 1,
) -> Asked:
    """Read the address; an unknown value is refused and named."""
    return Asked(hours=hours, span=span, line=line.strip(), outside=outside, page=page)


def shared(asked: Asked) -> dict[str, Any]:
    """What every template about the board needs."""
    return {"asked": asked, "now": clock.now(), "hours": HOURS, "spans": SPANS, "charts_at_once": CHARTS}


def whole(asked: Asked, board: Board) -> dict[str, Any]:
    """What the template of the whole board needs."""
    return shared(asked) | {"board": board, "figures": board.figures}


def line_address(number: str) -> str:
    """The page of a line."""
    return f"/lines/{quote(number)}"


def sensor_address(code: str) -> str:
    """The page of a sensor."""
    return f"/sensors/{quote(code)}"
