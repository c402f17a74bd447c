"""The pages about one's company: its settings, its identity providers, and its own roles."""

from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from foodflow.console import entries, forms
from foodflow.console.forms import UNTOUCHED, Form
from foodflow.console.frame import CurrentVisit, Deed, Visit, attempt, framed
from foodflow.console.pages import PageRoute
from foodflow.identity.public import own_company, providers, roles
from foodflow.kernel.http import needs
from foodflow.kernel.http.routers import Router

COMPANY: Final = "/company"
ROLES: Final = "/company/roles"
NEW_ROLE: Final = "/company/new-role"
DONE: Final = {
    "company": "The company is changed.",
    "provider": "The provider is there: people can sign in with it from now on.",
    "provider-off": "Nobody signs in with that provider any more, and sign-ins that began with it are ended.",
    "provider-on": "People can sign in with that provider again.",
    "provider-removed": "The provider is removed, and sign-ins that began with it are ended.",
    "role": "The role is there.",
    "role-changed": "The role is changed; that counts from the next thing that its holders do.",
    "role-removed": "The role is removed.",
}
_MANAGE: Final = needs("identity.manage_company")
_MANAGE_ROLES: Final = needs("identity.manage_roles")

router = Router(route_class=PageRoute, include_in_schema=False)


@router.get(COMPANY, dependencies=[_MANAGE])
async def show_company(visit: CurrentVisit, done: str = "") -> Response:
    """The company's settings and providers."""
    return await _company(visit, done=DONE.get(done, ""))


@router.post(COMPANY, dependencies=[_MANAGE])
async def change_company(visit: CurrentVisit) -> Response:
    """Change the company's name and settings."""

    async def change() -> None:
        visit.sent.require(name="give the company a name")
        named = ("name", "time_zone", "currency", "locale", "second_factor")
        settings = forms.checked(entries.Company, **visit.sent.named(*named)).model_dump()
        fields = {"name": settings.pop("name"), "settings": settings}
        await own_company.change(visit.database, visit.actor, fields, version=visit.sent["version"])

    return await _after(visit, "company", change())


@router.post(f"{COMPANY}/providers", dependencies=[_MANAGE])
async def create_provider(visit: CurrentVisit) -> Response:
    """Set up an identity provider, once it has answered."""

    async def create() -> None:
        visit.sent.require(name="say what the button says", issuer="enter the issuer", client_id="enter the client ID")
        named = visit.sent.named("name", "issuer", "client_id", "client_secret")
        fields = forms.checked(entries.Provider, **named).model_dump()
        secret = fields.pop("client_secret")
        await providers.require_answer(visit.state.openid, fields["issuer"])
        fields["sealed_client_secret"] = visit.state.sealer.seal(secret.encode()) if secret else None
        await own_company.create_provider(visit.database, visit.actor, fields)

    return await _after(visit, "provider", create())


@router.post(f"{COMPANY}/providers/{{id}}/off", dependencies=[_MANAGE])
async def put_provider_out_of_use(visit: CurrentVisit, id: UUID) -> Response:
    """Let nobody sign in with a provider any more."""
    deed = own_company.change_provider(visit.database, visit.actor, id, {"is_active": False})
    return await _after(visit, "providers", deed, done="provider-off")


@router.post(f"{COMPANY}/providers/{{id}}/on", dependencies=[_MANAGE])
async def put_provider_to_use(visit: CurrentVisit, id: UUID) -> Response:
    """Let people sign in with a provider again."""
    deed = own_company.change_provider(visit.database, visit.actor, id, {"is_active": True})
    return await _after(visit, "providers", deed, done="provider-on")


@router.post(f"{COMPANY}/providers/{{id}}/remove", dependencies=[_MANAGE])
async def remove_provider(visit: CurrentVisit, id: UUID) -> Response:
    """Remove an identity provider."""
    deed = own_company.remove_provider(visit.database, visit.actor, id)
    return await _after(visit, "providers", deed, done="provider-removed")


@router.get(ROLES, dependencies=[_MANAGE_ROLES])
async def show_roles(visit: CurrentVisit, done: str = "") -> Response:
    """The roles of the company."""
    found = await roles.roles(visit.database, visit.actor)
    return await framed(visit, "roles.html", {"here": ROLES, "roles": found, "done": DONE.get(done, "")})


@router.get(NEW_ROLE, dependencies=[_MANAGE_ROLES])
async def show_new_role(visit: CurrentVisit) -> Response:
    """The form for a role of the company's own."""
    return await _role(visit, None)


@router.post(NEW_ROLE, dependencies=[_MANAGE_ROLES])
async def create_role(visit: CurrentVisit) -> Response:
    """Make a role of the company's own."""

    async def create() -> None:
        visit.sent.require(name="give the role a name")
        named = visit.sent.named("name", "description")
        role = forms.checked(entries.NewRole, **named, permissions=visit.sent.chosen("permissions"))
        await roles.create(visit.database, visit.actor, role.model_dump())

    return await _after_role(visit, "role", create(), role=None, done="role")


@router.get(f"{ROLES}/{{name}}", dependencies=[_MANAGE_ROLES])
async def show_role(visit: CurrentVisit, name: str) -> Response:
    """A role: one of the company's own with the form to change it."""
    return await _role(visit, name)


@router.post(f"{ROLES}/{{name}}", dependencies=[_MANAGE_ROLES])
async def change_role(visit: CurrentVisit, name: str) -> Response:
    """Change what a role is for and what it permits."""

    async def change() -> None:
        sent = visit.sent
        permissions = sent.chosen("permissions")
        role = forms.checked(entries.Role, description=sent["description"], permissions=permissions)
        await roles.change(visit.database, visit.actor, name, role.model_dump(), version=sent["version"])

    return await _after_role(visit, "role", change(), role=name, done="role-changed")


@router.post(f"{ROLES}/{{name}}/remove", dependencies=[_MANAGE_ROLES])
async def remove_role(visit: CurrentVisit, name: str) -> Response:
    """Remove a role that nobody holds."""
    deed = roles.remove(visit.database, visit.actor, name)
    return await _after_role(visit, "remove", deed, role=name, done="role-removed")


async def _after(visit: Visit, name: str, deed: Deed, *, done: str = "") -> Response:
    async def show(form: Form) -> Response:
        return await _company(visit, form)

    return await attempt(visit, name, deed, to=f"{COMPANY}?done={done or name}", show=show)


async def _after_role(visit: Visit, name: str, deed: Deed, *, role: str | None, done: str) -> Response:
    async def show(form: Form) -> Response:
        return await _role(visit, role, form)

    return await attempt(visit, name, deed, to=f"{ROLES}?done={done}", show=show)


async def _company(visit: Visit, form: Form = UNTOUCHED, *, done: str = "") -> Response:
    values: dict[str, Any] = {
        "here": COMPANY,
        "own": await own_company.company(visit.database, visit.actor),
        "providers": await own_company.providers(visit.database, visit.actor),
        "redirect_uri": visit.state.settings.public_url + providers.CALLBACK,
        "done": done,
    }
    return await framed(visit, "company.html", values, form=form)


async def _role(visit: Visit, name: str | None, form: Form = UNTOUCHED) -> Response:
    role = None if name is None else await roles.one(visit.database, visit.actor, name)
    values = {"here": ROLES, "role": role, "permissions": roles.permissions(visit.actor)}
    return await framed(visit, "role.html", values, form=form)
