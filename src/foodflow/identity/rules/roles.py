"""Roles as named sets of permissions, and what follows from holding several."""

from collections.abc import Iterable

_SELF = frozenset({"identity.read_self", "identity.change_self"})
_EVERYBODY = _SELF | {"live.listen"}
_READ = frozenset({"plant.read"})
_OPERATE = frozenset({"plant.run_batches", "plant.record"})
_CONFIGURE = frozenset({"plant.configure"})
_TEAM = frozenset({"identity.read_team"})
_PEOPLE = _TEAM | {"identity.read_people", "identity.manage_people"}

ADMINISTRATOR = "administrator"
ROLES: dict[str, frozenset[str]] = {
    ADMINISTRATOR: frozenset({"*"}),
    "manager": _EVERYBODY | _READ | _OPERATE | _CONFIGURE | _PEOPLE | {"audit.read"},
    "planner": _EVERYBODY | _READ,
    "quality": _EVERYBODY | _READ | {"audit.read"},
    "supervisor": _EVERYBODY | _READ | _OPERATE | _CONFIGURE | _TEAM,
    "operator": _EVERYBODY | _READ | _OPERATE,
    "viewer": _EVERYBODY | _READ,
    "integration": _EVERYBODY | _READ | {"plant.record"},
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


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """All that a person of these roles may do, as far as every company has them."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))


def covers(held: frozenset[str], permission: str) -> bool:
    """Whether `held` (with its wildcards) holds a permission, which may itself be a wildcard."""
    return not held.isdisjoint({"*", permission, permission.partition(".")[0] + ".*"})


def narrow(held: frozenset[str], asked: Iterable[str]) -> frozenset[str]:
    """What both hold, wildcards included: a key may at most what its owner may."""
    wanted = frozenset(asked)
    return frozenset({each for each in wanted if covers(held, each)} | {each for each in held if covers(wanted, each)})
