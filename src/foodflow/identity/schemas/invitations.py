"""Wire shapes of invitations."""

from typing import Annotated

from pydantic import Field, StringConstraints

from foodflow.identity.queries.members import Member
from foodflow.identity.rules.people import USER_NAME
from foodflow.identity.schemas.people import Email, Name, Password, Roles, Sites, Teams
from foodflow.identity.usecases.invitations import Chosen, Seen
from foodflow.kernel.wire import In, Instant, Out

UserName = Annotated[str, StringConstraints(to_lower=True, pattern=USER_NAME)]


class InvitationIn(In):
    """Whom to invite, and as what."""

    email: Email
    roles: Roles
    sites: Sites = None
    teams: Teams = Field(default_factory=list)
    first_name: Name = ""
    last_name: Name = ""


class InvitationOut(Out):
    """An open invitation."""

    id: int
    email: str
    roles: list[str]
    sites: list[str] | None
    teams: list[str]
    created_at: Instant

    @classmethod
    def of(cls, invited: Member) -> "InvitationOut":
        """The wire shape of an invitation: nothing of the account that there may be already."""
        place = invited.place
        return cls(
            id=invited.user.id,
            email=invited.user.email,
            roles=place.roles,
            sites=place.sites,
            teams=place.teams,
            created_at=place.created_at,
        )


class LinkIn(In):
    """The secret of a link that was mailed."""

    token: Annotated[str, Field(min_length=1, max_length=2000)]


class SeenOut(Out):
    """What an invitation is for, and whether a user name and password are to be chosen."""

    company: str
    email: str
    first_name: str
    last_name: str
    needs_password: bool

    @classmethod
    def of(cls, seen: Seen) -> "SeenOut":
        """The wire shape of what the holder of a link sees; the names of an account of their own they know."""
        return cls.model_validate(seen)


class AcceptIn(LinkIn):
    """The acceptance of an invitation, by somebody who gets an account with the name and password that they choose, or
    by somebody who has one.
    """

    username: UserName | None = None
    password: Password | None = None
    first_name: Name | None = None
    last_name: Name | None = None

    def chosen(self) -> Chosen:
        """What was chosen for a new account."""
        return Chosen(self.username, self.password, self.first_name, self.last_name)


class AcceptedOut(Out):
    """With which user name, and for which company, one can sign in now."""

    username: str
    company: str
