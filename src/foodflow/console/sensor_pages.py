"""The page of a sensor: its readings over any span, how far they are to be trusted, and its alarms."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from foodflow.console import views
from foodflow.console.alarm_pages import SILENCES, fragment
from foodflow.console.frame import CurrentVisit, Visit, framed
from foodflow.console.pages import PageRoute, page_with_forms
from foodflow.kernel.db import tenant_transaction
from foodflow.kernel.http import needs
from foodflow.kernel.http.routers import Router
from foodflow.kernel.wire import Instant
from foodflow.plant import public as plant

Span = Literal["hour", "day", "week", "month", "year"]
LENGTHS: Final[dict[Span, timedelta]] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
_AROUND: Final[Span] = "hour"
"""How much is shown around a moment, unless something else is asked for."""

router = Router(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a sensor is asked for, as it stands in the address."""

    span: Span | None = None
    at: Instant | None = None

    @property
    def chosen(self) -> Span:
        """The span that is shown."""
        return self.span or (_AROUND if self.at is not None else "day")

    def address(self, code: str, span: Span, *, at: datetime | None = None) -> str:
        """The same sensor over another span."""
        moment = {"at": at.isoformat()} if at is not None else {}
        return f"{views.sensor_address(code)}?{urlencode({'span': span} | moment)}"


AskedFor = Annotated[Asked, Depends()]


@router.get("/sensors/{code:path}", dependencies=[needs("plant.read")])
async def show_sensor(visit: CurrentVisit, code: str, asked: AskedFor) -> Response:
    """A sensor."""
    async with tenant_transaction(visit.database, visit.actor) as session:
        id = await plant.coded_sensor(session, visit.actor, code)
    return await framed(visit, "sensor_page.html", await _shown(visit, id, asked) | {"here": "/"})


@router.get("/fragments/sensor-page/{id}", dependencies=[needs("plant.read")])
async def show_part(visit: CurrentVisit, id: UUID, asked: AskedFor) -> Response:
    """All of the page of a sensor that moves."""
    return page_with_forms(visit.request, "sensor_parts.html", fragment(visit) | await _shown(visit, id, asked))


async def _shown(visit: Visit, id: UUID, asked: Asked) -> dict[str, Any]:
    async with tenant_transaction(visit.database, visit.actor) as session:
        view = await plant.sensor_view(session, visit.actor, id, span=LENGTHS[asked.chosen], at=asked.at)
    return {"view": view, "sensor": view.card, "asked": asked, "spans": list(LENGTHS), "silences": SILENCES}
