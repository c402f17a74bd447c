"""HTTP interface of companies: one's own, and those of the installation."""

from typing import Annotated, Any

from fastapi import Depends, Query, Response
from starlette.requests import Request
from starlette.responses import StreamingResponse

from foodflow.identity.public import companies as archives
from foodflow.identity.queries import companies as queries
from foodflow.identity.rules.people import number_of
from foodflow.identity.schemas.companies import (
    CompanyIn,
    CompanyPatch,
    InstalledCompanyOut,
    MembershipOut,
    MembershipsOut,
    OwnCompanyOut,
    OwnCompanyPatch,
    RestoredOut,
    SuspensionIn,
)
from foodflow.identity.usecases import companies as usecases
from foodflow.identity.usecases.companies import NewCompany
from foodflow.kernel import clock
from foodflow.kernel.errors import WrongType
from foodflow.kernel.http import CurrentActor, DirectoryTransaction, guarded_router, needs
from foodflow.kernel.http.files import pieces_of, take_body, temporary_file
from foodflow.kernel.paging import Wanted, page_of
from foodflow.kernel.wire import Line, PageOf, Slug

router = guarded_router(prefix="/api/v1", tags=["companies"])
_ZIP = "application/zip"
_UPLOAD: dict[str, Any] = {
    "requestBody": {"required": True, "content": {_ZIP: {"schema": {"type": "string", "format": "binary"}}}}
}
_DOWNLOAD: dict[int | str, dict[str, Any]] = {
    200: {"content": {_ZIP: {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/company", dependencies=[needs("identity.read_self")], response_model=OwnCompanyOut)
async def get_own_company(session: DirectoryTransaction, actor: CurrentActor) -> object:
    """The company that one acts in, and its settings."""
    return await queries.company_found(session, actor.tenant)


@router.patch("/company", dependencies=[needs("identity.manage_company")], response_model=OwnCompanyOut)
async def change_own_company(session: DirectoryTransaction, actor: CurrentActor, body: OwnCompanyPatch) -> object:
    """Change the name or the settings of the company that one acts in."""
    given = body.given()
    if "settings" in given:
        given["settings"] = body.settings.given()
    return await usecases.change(session, actor, given)


@router.get(
    "/company/export",
    dependencies=[needs("identity.export_company")],
    response_class=StreamingResponse,
    responses=_DOWNLOAD,
)
async def export_own_company(request: Request, actor: CurrentActor) -> StreamingResponse:
    """All that the company owns, as one ZIP file: a CSV file for each table, and what they are."""
    file = temporary_file(request)
    try:
        await archives.export(request.app.state.database, actor, file)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    headers = {
        "Content-Disposition": f'attachment; filename="{actor.tenant}-{clock.now():%Y-%m-%d}.zip"',
        "Content-Length": str(size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(pieces_of(file), media_type=_ZIP, headers=headers)


@router.get("/auth/companies", dependencies=[needs("identity.read_self")])
async def list_own_companies(session: DirectoryTransaction, actor: CurrentActor) -> MembershipsOut:
    """The companies that one can act in; with an API key, the one that it is for."""
    found = await queries.open_companies_of(session, number_of(actor) or 0)
    results = [
        MembershipOut(slug=company.slug, name=company.name, roles=sorted(place.roles))
        for company, place in found
        if not actor.credential.startswith("key:") or company.slug == actor.tenant
    ]
    return MembershipsOut(results=results)


_manage = needs("platform.manage_companies")


@router.get("/companies", dependencies=[_manage], openapi_extra=queries.LISTING.openapi)
async def list_companies(
    session: DirectoryTransaction, request: Request, wanted: Annotated[Wanted, Depends(queries.LISTING)]
) -> PageOf[InstalledCompanyOut]:
    """The companies of this installation."""
    return page_of(request, wanted, await queries.companies(session, wanted), InstalledCompanyOut)


@router.post("/companies", status_code=201, dependencies=[_manage], response_model=InstalledCompanyOut)
async def create_company(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    session: DirectoryTransaction, actor: CurrentActor, body: CompanyIn, request: Request, response: Response
) -> object:
    """Make a company."""
    company = await usecases.create(session, actor, NewCompany(**body.model_dump()), request.app.state.postbox)
    response.headers["Location"] = f"/api/v1/companies/{company.slug}"
    return company


@router.post("/companies/import", status_code=201, dependencies=[_manage], openapi_extra=_UPLOAD)
async def import_company(  # noqa: PLR0917 - FastAPI's way of declaring parameters
    request: Request,
    response: Response,
    actor: CurrentActor,
    slug: Annotated[Slug, Query()],
    name: Annotated[Line | None, Query()] = None,
) -> RestoredOut:
    """Make a company out of an archive (the body): all of it, or nothing."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _ZIP:
        raise WrongType(f"send the archive as the body, as {_ZIP}")
    with temporary_file(request) as file:
        await take_body(request, file)
        restored = await archives.restore(request.app.state.database, actor, file, slug, name=name or "")
    response.headers["Location"] = f"/api/v1/companies/{slug}"
    return RestoredOut.of(restored)


@router.get("/companies/{slug}", dependencies=[_manage], response_model=InstalledCompanyOut)
async def get_company(session: DirectoryTransaction, slug: str) -> object:
    """A company."""
    return await queries.company_found(session, slug)


@router.patch("/companies/{slug}", dependencies=[_manage], response_model=InstalledCompanyOut)
async def change_company(session: DirectoryTransaction, actor: CurrentActor, slug: str, body: CompanyPatch) -> object:
    """Give a company another name."""
    return await usecases.rename(session, actor, slug, body.name)


@router.post("/companies/{slug}/suspend", dependencies=[_manage], response_model=InstalledCompanyOut)
async def suspend_company(session: DirectoryTransaction, actor: CurrentActor, slug: str, body: SuspensionIn) -> object:
    """Let nobody act in a company, from their next request on."""
    return await usecases.suspend(session, actor, slug, body.reason)


@router.post("/companies/{slug}/resume", dependencies=[_manage], response_model=InstalledCompanyOut)
async def resume_company(session: DirectoryTransaction, actor: CurrentActor, slug: str) -> object:
    """Let the people of a suspended company act in it again."""
    return await usecases.resume(session, actor, slug)


@router.delete("/companies/{slug}", status_code=204, dependencies=[_manage])
async def remove_company(session: DirectoryTransaction, actor: CurrentActor, slug: str) -> None:
    """Erase a suspended company and all that it owns, for good."""
    await usecases.remove(session, actor, slug)
