"""The list of permissions: what each route needs, and which roles hold it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute, RouteContext, iter_route_contexts
from pydantic import SecretStr

from foodflow.identity.public.people import ROLES
from foodflow.kernel.actor import Actor
from foodflow.kernel.http.guards import Guard
from foodflow.kernel.tenancy import TenantName
from foodflow.main import create_app
from foodflow.settings import Settings
from tools.docs import happenings
from tools.docs.markdown import code, page, table

_INTRO = """
A person has roles in a company, a role is a named set of permissions (`context.verb`), and every route declares the
one permission that it needs or that it is open to all: a route that declares neither cannot be built. Roles are read
from the directory at each request, so taking one away works at once.
"""
_HEARD = """
`live.listen` opens the live channels; what is heard there is decided message by message, because each event names the
permission that it needs (see [events.md](events.md)).
"""
_UNUSED_KEY = "a key that nothing is signed with"


@dataclass(frozen=True, slots=True, order=True)
class Entrance:
    """A way in: its path, its methods, and the permission it needs (empty: open to all)."""

    path: str
    methods: str
    permission: str


def make() -> str:
    """The page."""
    entrances, unguarded = entrances_of(application())
    needed = {entrance.permission for entrance in entrances if entrance.permission}
    heard = {event.needs for event in happenings.events()}
    return page(
        "Permissions",
        _INTRO,
        "## Roles",
        table(("role", "permissions"), ((code(role), code(*sorted(held))) for role, held in sorted(ROLES.items()))),
        "`*` is every permission, and `context.*` would be every one of a context.",
        "## Permissions and who holds them",
        _holders(entrances, needed | heard),
        _unused(needed | heard),
        _HEARD,
        "## Routes",
        table(
            ("route", "permission", "roles"),
            (
                (code(f"{e.methods} {e.path}"), code(e.permission) if e.permission else "open to all", who(e))
                for e in sorted(entrances)
            ),
        ),
        _without_guard(unguarded),
    )


def application() -> FastAPI:
    """The web application, which looks for its database only when it is started."""
    return create_app(Settings(database_url="postgresql://nobody@localhost/none", secret_key=SecretStr(_UNUSED_KEY)))


def entrances_of(app: FastAPI) -> tuple[list[Entrance], list[str]]:
    """Every guarded route, and the paths of what the framework adds by itself.

    Raises LookupError for a route of ours that declares no guard.
    """
    found, unguarded = [], []
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute | APIWebSocketRoute):
            methods = " ".join(sorted(context.methods or ("WebSocket",)))
            found.append(Entrance(context.path_format or "/", methods, _permission(context)))
        else:
            unguarded.append(context.path or "/")
    return found, sorted(unguarded)


def who(entrance: Entrance) -> str:
    """The roles that may come in."""
    if not entrance.permission:
        return "everybody"
    holders = roles_with(entrance.permission)
    return "all" if len(holders) == len(ROLES) else ", ".join(holders)


def roles_with(permission: str) -> Sequence[str]:
    """The roles that hold a permission, by itself or by a wildcard."""
    everyone = ((role, Actor("", TenantName(""), permissions=held)) for role, held in ROLES.items())
    return sorted(role for role, actor in everyone if actor.may(permission))


def _permission(context: RouteContext) -> str:
    declared = getattr(context.original_route, "dependencies", ())
    guards = [each.dependency for each in declared if isinstance(each.dependency, Guard)]
    if len(guards) != 1:
        message = f"{context.path} declares {len(guards)} guards"
        raise LookupError(message)
    return guards[0].permission or ""


def _holders(entrances: Iterable[Entrance], permissions: Collection[str]) -> str:
    counted = [entrance.permission for entrance in entrances]
    rows = ((code(p), str(counted.count(p)), ", ".join(roles_with(p))) for p in sorted(permissions))
    return table(("permission", "routes", "roles"), rows)


def _unused(needed: Collection[str]) -> str:
    granted = {permission for held in ROLES.values() for permission in held if not permission.endswith("*")}
    left = sorted(granted - set(needed))
    return f"Granted already, but nothing needs them yet: {code(*left)}." if left else ""


def _without_guard(paths: Sequence[str]) -> str:
    return f"Served by the framework itself, open to all: {code(*paths)}." if paths else ""
