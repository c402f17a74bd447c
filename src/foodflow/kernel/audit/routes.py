"""HTTP interface of the audit trail."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request

from foodflow.kernel import audit, exports
from foodflow.kernel.audit import reading
from foodflow.kernel.audit.schemas import EntriesPage, EntriesWanted, EntryOut, Sequence, VerdictOut
from foodflow.kernel.errors import Forbidden
from foodflow.kernel.http import CurrentActor, Transaction, guarded_router, needs
from foodflow.kernel.paging import FILE_ANSWERS

_VERIFIED_AT_ONCE = 500
"""Entries hashed without a pause, so that a long trail holds up nobody else."""


class WholeTrailOnly(Forbidden):
    """The trail does not part its entries by site, so whoever is for some sites alone reads none of it."""

    code = "audit.whole_trail_only"


def _for_all_sites(actor: CurrentActor) -> None:
    if actor.sites is not None:
        raise WholeTrailOnly("the audit trail is that of the whole company, and you are for some of its sites only")


router = guarded_router(prefix="/api/v1/audit-entries", tags=["audit"], dependencies=[Depends(_for_all_sites)])


@router.get(
    "", dependencies=[needs("audit.read")], response_model=EntriesPage, openapi_extra={"responses": FILE_ANSWERS}
)
async def list_entries(
    session: Transaction, actor: CurrentActor, request: Request, wanted: Annotated[EntriesWanted, Query()]
) -> object:
    """Who did what to which thing, newest first; `next` leads on, and `format` gives them all as a file."""
    if wanted.format != "json":
        parts = reading.all_entries(session, wanted, at_once=exports.ROWS_AT_ONCE)
        return await exports.file_of(session, parts, EntryOut, name="audit-entries", format=wanted.format, actor=actor)
    found, before = await reading.entries(session, wanted)
    address = str(request.url.include_query_params(before=before)) if before is not None else None
    return EntriesPage(next=address, results=[EntryOut.model_validate(entry) for entry in found])


@router.get("/verify", dependencies=[needs("audit.read")], response_model=VerdictOut)
async def verify_trail(session: Transaction) -> object:
    """Recompute the chain of the whole trail; `first_bad` is null where it holds."""
    return await audit.verify(session, page=_VERIFIED_AT_ONCE)


@router.get("/{sequence}", dependencies=[needs("audit.read")], response_model=EntryOut)
async def get_entry(session: Transaction, sequence: Sequence) -> object:
    """An entry."""
    return await reading.entry(session, sequence)
