"""Wire shapes of people."""

from typing import Annotated

from fastapi import Path
from pydantic import Field, StringConstraints

from foodflow.identity.queries.members import Member
from foodflow.identity.rules.passwords import MAX_PASSWORD
from foodflow.kernel.mail import ADDRESS_PATTERN
from foodflow.kernel.wire import In, Instant, Patch, Versioned

MemberId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Name = Annotated[str, Field(max_length=150)]
Email = Annotated[str, StringConstraints(to_lower=True, max_length=254, pattern=ADDRESS_PATTERN)]
RoleName = Annotated[str, Field(min_length=1, max_length=50)]
Roles = Annotated[list[RoleName], Field(min_length=1, max_length=20)]
Place = Annotated[str, Field(min_length=1, max_length=100)]
Sites = Annotated[list[Place] | None, Field(max_length=200, description="null: all sites")]
Teams = Annotated[list[Place], Field(max_length=50)]
# As it was typed: a password may begin or end with a space.
Password = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=MAX_PASSWORD)]


class PersonPatch(Patch):
    """Changes of a person. A new address counts once whoever reads its mail has confirmed it; whoever changes their
    own gives their password with it.
    """

    first_name: Name = ""
    last_name: Name = ""
    email: Email = ""
    current_password: Password | None = None


class RolesIn(In):
    """All roles that somebody shall have from now on."""

    roles: Roles


class ScopeIn(In):
    """All sites and teams that somebody shall be for from now on."""

    sites: Sites
    teams: Teams


class MemberOut(Versioned):
    """Somebody who is part of a company, person or program, and what they may there."""

    id: int
    kind: str
    is_active: bool
    roles: list[str]
    sites: list[str] | None
    created_at: Instant


class PersonOut(MemberOut):
    """A person of the company."""

    username: str
    email: str
    first_name: str
    last_name: str
    accepted_at: Instant | None
    teams: list[str]
    has_second_factor: bool
    last_login: Instant | None

    @classmethod
    def of(cls, member: Member) -> "PersonOut":
        """The wire shape of a person."""
        user, place = member.user, member.place
        return cls(
            id=user.id,
            kind=user.kind,
            username=user.username,
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
            is_active=user.is_active and place.is_active,
            accepted_at=place.accepted_at,
            roles=place.roles,
            sites=place.sites,
            teams=place.teams,
            has_second_factor=member.has_second_factor,
            last_login=user.last_login_at,
            created_at=place.created_at,
            version=member.version,
        )
