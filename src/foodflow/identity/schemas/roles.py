"""Wire shapes of roles and permissions."""

from typing import Annotated

from pydantic import Field

from foodflow.identity.rules.roles import PERMISSIONS, ROLE_NAME, ROLES, covers
from foodflow.identity.tables import OwnRole
from foodflow.kernel.wire import In, Out, Patch, Versioned

Permission = Annotated[str, Field(min_length=1, max_length=100)]
Permissions = Annotated[list[Permission], Field(min_length=1, max_length=200)]
Description = Annotated[str, Field(max_length=500)]


class Nothing(In):
    """No parameters."""


class PermissionOut(Out):
    """A permission that a company can give, and the roles of every company that hold it."""

    name: str
    roles: list[str]


class RoleIn(In):
    """A role of the company's own."""

    name: Annotated[str, Field(pattern=ROLE_NAME)]
    description: Description = ""
    permissions: Permissions


class RolePatch(Patch):
    """Changes of a role."""

    description: Description = ""
    permissions: Permissions = Field(default_factory=list)


class RoleOut(Versioned):
    """A role: one that every company has, or one of the company's own."""

    name: str
    description: str
    permissions: list[str]
    is_built_in: bool

    @classmethod
    def of(cls, role: OwnRole) -> "RoleOut":
        """The wire shape of a role of the company's own."""
        return cls(
            name=role.name,
            description=role.description,
            permissions=role.permissions,
            is_built_in=False,
            version=role.version,
        )


def built_in() -> list[RoleOut]:
    """The roles that every company has."""
    return [
        RoleOut(name=name, description="", permissions=sorted(permissions), is_built_in=True, version=1)
        for name, permissions in ROLES.items()
    ]


def permissions() -> list[PermissionOut]:
    """Every permission that a company can give."""
    return [
        PermissionOut(name=each, roles=[name for name, held in ROLES.items() if covers(held, each)])
        for each in sorted(PERMISSIONS)
    ]
