"""Wire shapes of service accounts."""

from typing import Annotated

from pydantic import Field

from foodflow.identity.queries.members import Member
from foodflow.identity.schemas.people import MemberOut, Roles, Sites
from foodflow.kernel.wire import In, Patch

ServiceName = Annotated[str, Field(min_length=1, max_length=150)]


class ServiceAccountIn(In):
    """A program, and what it may."""

    name: ServiceName
    roles: Roles
    sites: Sites = None


class ServiceAccountPatch(Patch):
    """Changes of a service account."""

    name: ServiceName = ""
    roles: Roles = Field(default_factory=list)
    sites: Sites = None
    is_active: bool = True


class ServiceAccountOut(MemberOut):
    """A service account."""

    name: str

    @classmethod
    def of(cls, account: Member) -> "ServiceAccountOut":
        """The wire shape of a service account."""
        place = account.place
        return cls(
            id=account.user.id,
            kind=account.user.kind,
            name=account.user.first_name,
            is_active=place.is_active,
            roles=place.roles,
            sites=place.sites,
            created_at=place.created_at,
            version=account.version,
        )
