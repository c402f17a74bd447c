"""Roles as named sets of permissions, what follows from holding several, and who may give which."""

from collections.abc import Iterable, Mapping

from foodflow.kernel.actor import PLATFORM
from foodflow.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound

WHO_AM_I = "identity.who_am_i"
"""Held by everybody, and by every key, whatever it was made for."""

_SELF = frozenset({WHO_AM_I, "identity.read_self", "identity.change_self"})
_EVERYBODY = _SELF | {"live.listen", "live.read", "live.take_part", "events.read"}
_READ = frozenset({"plant.read"})
_OPERATE = frozenset({"plant.run_batches", "plant.record"})
_HANDLE = frozenset({"plant.handle_alarms"})
_CONFIGURE = frozenset({"plant.configure"})
_CALIBRATE = frozenset({"plant.calibrate"})
_LEAD = frozenset({"live.facilitate", "live.read_training"})
_TEAM = frozenset({"identity.read_team"})
_PEOPLE = _TEAM | {"identity.read_people", "identity.manage_people"}

ADMINISTRATOR = "administrator"
ROLES: dict[str, frozenset[str]] = {
    ADMINISTRATOR: frozenset({"*"}),
    "manager": _EVERYBODY
    | _READ
    | _OPERATE
    | _HANDLE
    | _CONFIGURE
    | _CALIBRATE
    | _LEAD
    | _PEOPLE
    | {"audit.read", "events.manage_webhooks"},
    "planner": _EVERYBODY | _READ | {"live.facilitate"},
    "quality": _EVERYBODY | _READ | _HANDLE | _CALIBRATE | _LEAD | {"audit.read"},
    "supervisor": _EVERYBODY | _READ | _OPERATE | _HANDLE | _CONFIGURE | _CALIBRATE | _LEAD | _TEAM,
    "operator": _EVERYBODY | _READ | _OPERATE | _HANDLE | {"live.facilitate"},
    "viewer": _EVERYBODY | _READ,
    "integration": _EVERYBODY | _READ | {"plant.record", "live.facilitate"},
}
"""The roles that every company has, as named sets of permissions (`context.verb`)."""

ADMINISTRATORS_ALONE = frozenset(
    {"identity.manage_roles", "identity.manage_keys", "identity.manage_company", "identity.export_company"}
)
"""Permissions that no role but the administrator's holds; a company may put them into roles of its own."""

OPERATORS = frozenset({"platform.manage_companies"})
"""What whoever runs the installation may do with companies; no role holds it, and no company can give it."""

UNTIL_SECURED = _SELF
"""What is left to somebody whose company asks for a second factor, until they have signed in with one."""

PERMISSIONS = frozenset().union(*ROLES.values(), ADMINISTRATORS_ALONE) - {"*"}
"""Every permission that a company can give."""


def within_a_company(permissions: Iterable[str]) -> frozenset[str]:
    """Those of some permissions that a company can give at all, wherever they were written down."""
    return frozenset(each for each in permissions if each.partition(".")[0] != PLATFORM)


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """All that a person of these roles may do, as far as every company has them."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))


def covers(held: frozenset[str], permission: str) -> bool:
    """Whether `held` (with its wildcards) holds a permission, which may itself be a wildcard; `*` is everything within
    a company, so it covers nothing of `platform`.
    """
    context = permission.partition(".")[0]
    if context == PLATFORM:
        return permission in held
    return not held.isdisjoint({"*", permission, f"{context}.*"})


def narrow(held: frozenset[str], asked: Iterable[str]) -> frozenset[str]:
    """What both hold, wildcards included: a key may at most what its owner may."""
    wanted = frozenset(asked)
    return frozenset({each for each in wanted if covers(held, each)} | {each for each in held if covers(wanted, each)})


MAX_OWN_ROLES = 100
ROLE_NAME = r"^[a-z][a-z0-9_-]{1,49}$"


class RaisesRights(Forbidden):
    """Somebody would give, or lay hands on, more than they hold themselves."""

    code = "identity.raises_rights"


class RoleNotFound(NotFound):
    """There is no such role in this company."""

    code = "identity.role_not_found"


class RoleNameTaken(Conflict):
    """There is a role of this name already."""

    code = "identity.role_name_taken"


class RoleHeld(Conflict):
    """Somebody holds the role, so it cannot be removed."""

    code = "identity.role_held"


class BuiltInRole(Conflict):
    """This role is the same in every company."""

    code = "identity.built_in_role"


class TooManyRoles(Conflict):
    """A company has made as many roles as it can have."""

    code = "identity.too_many_roles"


def require_covered(held: frozenset[str], given: Iterable[str]) -> None:
    """Nobody gives or manages what they do not hold themselves."""
    beyond = sorted(each for each in given if not covers(held, each))
    if beyond:
        shown = ", ".join("all permissions" if each == "*" else each for each in beyond[:5])
        raise RaisesRights(f"this takes more than you hold yourself: {shown}")


def require_known_roles(wanted: Iterable[str], own: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """All that the wanted roles permit, where `own` are the company's own; refuses a role that is not there."""
    names = set(wanted)
    unknown = sorted(names - ROLES.keys() - own.keys())
    if unknown:
        raise Invalid.because(FieldError("roles", f"there is no role {unknown[0]!r}", "identity.unknown_role"))
    return permissions_of(names).union(*(own.get(name, ()) for name in names))


def require_known_permissions(wanted: Iterable[str]) -> None:
    """Permissions that a company can give: each by its name, or all of a context as `context.*`."""
    known = PERMISSIONS | {f"{each.partition('.')[0]}.*" for each in PERMISSIONS}
    unknown = sorted(set(wanted) - known)
    if unknown:
        message = f"there is no permission {unknown[0]!r} that could be given"
        raise Invalid.because(FieldError("permissions", message, "identity.unknown_permission"))


def require_free_name(name: str) -> None:
    """A company's own role is not named like one that every company has."""
    if name in ROLES:
        raise RoleNameTaken(f"the name {name} is taken by a role that every company has")


def require_own_role(name: str) -> None:
    """What every company has, no company changes."""
    if name in ROLES:
        raise BuiltInRole(f"{name} is the same in every company; make a role of your own instead")
