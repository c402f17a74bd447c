"""HTTP interface of roles and permissions."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from foodflow.identity.queries import roles as queries
from foodflow.identity.schemas import roles as schemas
from foodflow.identity.schemas.roles import Nothing, PermissionOut, RoleIn, RoleOut, RolePatch
from foodflow.identity.usecases import roles as usecases
from foodflow.kernel.http import CurrentActor, DirectoryTransaction, guarded_router, needs
from foodflow.kernel.wire import PageOf

router = guarded_router(prefix="/api/v1", tags=["roles"])


@router.get("/permissions", dependencies=[needs("identity.read_self")])
async def list_permissions(_: Annotated[Nothing, Query()]) -> PageOf[PermissionOut]:
    """Every permission that a company can give, all on one page."""
    shown = schemas.permissions()
    return PageOf[PermissionOut](count=len(shown), next=None, previous=None, results=shown)


@router.get("/roles", dependencies=[needs("identity.read_self")])
async def list_roles(
    session: DirectoryTransaction, actor: CurrentActor, _: Annotated[Nothing, Query()]
) -> PageOf[RoleOut]:
    """The roles that every company has, then the company's own by name, all on one page."""
    own = await queries.own_roles(session, actor.tenant)
    shown = [*schemas.built_in(), *map(RoleOut.of, own)]
    return PageOf[RoleOut](count=len(shown), next=None, previous=None, results=shown)


@router.post("/roles", status_code=201, dependencies=[needs("identity.manage_roles")])
async def create_role(session: DirectoryTransaction, actor: CurrentActor, body: RoleIn, response: Response) -> RoleOut:
    """Make a role."""
    role = await usecases.create_role(session, actor, body.model_dump())
    response.headers["Location"] = f"/api/v1/roles/{role.name}"
    return RoleOut.of(role)


@router.get("/roles/{name}", dependencies=[needs("identity.read_self")])
async def get_role(session: DirectoryTransaction, actor: CurrentActor, name: str) -> RoleOut:
    """A role."""
    of_everybody = next((role for role in schemas.built_in() if role.name == name), None)
    return of_everybody or RoleOut.of(await queries.own_role(session, actor.tenant, name))


@router.patch("/roles/{name}", dependencies=[needs("identity.manage_roles")])
async def change_role(session: DirectoryTransaction, actor: CurrentActor, name: str, body: RolePatch) -> RoleOut:
    """Change a role of the company's own."""
    return RoleOut.of(await usecases.change_role(session, actor, name, body.given()))


@router.delete("/roles/{name}", status_code=204, dependencies=[needs("identity.manage_roles")])
async def remove_role(session: DirectoryTransaction, actor: CurrentActor, name: str) -> None:
    """Remove a role of the company's own that nobody holds."""
    await usecases.remove_role(session, actor, name)
