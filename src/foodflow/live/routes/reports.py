"""HTTP interface of files about a session: what was said in it, and who was there."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Final

from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.exports import Book, Sheet, book_file
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import FILE_ANSWERS
from foodflow.live.rules.wording import asked
from foodflow.live.schemas.reports import CountedRow, FactRow, PresentRow, ReportWanted, SaidRow
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.usecases import reports as usecases
from foodflow.live.usecases.reports import Report

router = guarded_router(prefix="/sessions/{id}", tags=["sessions"])
MOST_PEOPLE: Final = 1000
"""Participants that are printed; a workbook holds all of them."""
_FACTS_TITLE, _PEOPLE_TITLE = "Summary", "Attendance"


@router.get(
    "/export", dependencies=[needs("live.read")], response_class=Response, openapi_extra={"responses": FILE_ANSWERS}
)
async def export_session(
    session: Transaction, actor: CurrentActor, id: int, wanted: Annotated[ReportWanted, Query()]
) -> Response:
    """What came of a session as a file. `csv`: each answer that counts, in words. `xlsx`: the same, a sheet for each
    activity, after a summary and who was there. `pdf`: a report, with how often each thing was said.
    """
    found = await usecases.report(session, actor, id)
    return await book_file(session, _book(session, actor, found, wanted.format), wanted.format)


def _book(session: AsyncSession, actor: Actor, found: Report, form: str) -> Book:
    title = found.live_session.title or f"Session {found.live_session.id}"
    facts = _facts(found)
    sheets = {"csv": _answers, "xlsx": _workbook, "pdf": _printed}[form](session, found, facts)
    name, company = f"session-{found.live_session.id}", actor.company_name or actor.tenant
    return Book(name, title, company, clock.now(), sheets, facts)


def _facts(found: Report) -> list[tuple[str, str]]:
    live_session = found.live_session
    said: list[tuple[str, Any]] = [
        ("Description", live_session.description),
        ("Purpose", live_session.purpose.replace("_", " ")),
        ("Site", live_session.site),
        ("Status", live_session.status),
        ("Facilitator", found.facilitator),
        ("Started", _moment(live_session.started_at)),
        ("Completed", _moment(live_session.completed_at)),
        ("Participants", found.participants),
        ("Activities", len(found.activities)),
        ("Answers", found.answers),
        ("Pass mark", None if live_session.pass_mark is None else f"{live_session.pass_mark} %"),
    ]
    return [(name, str(value)) for name, value in said if value not in {None, ""}]


def _moment(value: Any) -> str | None:  # noqa: ANN401 - a moment, or none
    return None if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def _answers(session: AsyncSession, found: Report, _: Sequence[tuple[str, str]]) -> list[Sheet]:
    return [Sheet("Answers", SaidRow, usecases.said_at_all(session, found))]


def _workbook(session: AsyncSession, found: Report, facts: Sequence[tuple[str, str]]) -> list[Sheet]:
    return [
        Sheet(_FACTS_TITLE, FactRow, _at_once([FactRow(what=name, value=value) for name, value in facts])),
        Sheet(_PEOPLE_TITLE, PresentRow, usecases.attendance(session, found)),
        *(
            Sheet(_title(activity, number), SaidRow, usecases.said_in(session, activity, number=number))
            for number, activity in enumerate(found.activities, 1)
        ),
    ]


def _printed(session: AsyncSession, found: Report, _: Sequence[tuple[str, str]]) -> list[Sheet]:
    more = found.participants - MOST_PEOPLE
    people = f"{_PEOPLE_TITLE}, the first {MOST_PEOPLE} of {found.participants}" if more > 0 else _PEOPLE_TITLE
    return [
        Sheet(people, PresentRow, usecases.attendance(session, found, limit=MOST_PEOPLE)),
        *(
            Sheet(_title(activity, number), CountedRow, _counted(session, activity))
            for number, activity in enumerate(found.activities, 1)
        ),
    ]


def _title(activity: LiveActivity, number: int) -> str:
    return f"{number}. {activity.title or asked(activity.type, activity.config) or activity.type}"


async def _counted(session: AsyncSession, activity: LiveActivity) -> AsyncIterator[Sequence[object]]:
    yield await usecases.counted_in(session, activity)


async def _at_once(rows: Sequence[object]) -> AsyncIterator[Sequence[object]]:
    yield rows
