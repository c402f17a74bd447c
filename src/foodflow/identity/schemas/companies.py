"""Wire shapes of companies."""

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from foodflow.identity.rules.companies import Currency, Demand, Locale, Member, Settings, TimeZone, settled
from foodflow.identity.usecases.companies import Restored
from foodflow.kernel.mail import ADDRESS_PATTERN
from foodflow.kernel.wire import In, Instant, Line, Out, Patch, Slug, Versioned


class SettingsPatch(Patch):
    """Changes of a company's settings."""

    time_zone: TimeZone = ""
    currency: Currency = ""
    locale: Locale = ""
    second_factor: Demand = "optional"


class OwnCompanyPatch(Patch):
    """Changes of one's own company."""

    name: Line = ""
    settings: SettingsPatch = Field(default_factory=SettingsPatch.model_construct)


class OwnCompanyOut(Versioned):
    """One's own company."""

    slug: str
    name: str
    settings: Annotated[Settings, BeforeValidator(settled)]
    created_at: Instant


class MembershipOut(Out):
    """A company that one can act in, and as what."""

    slug: str
    name: str
    roles: list[str]


class MembershipsOut(Out):
    """The companies that one can act in."""

    results: list[MembershipOut]


class CompanyIn(In):
    """A company to be made, and its first administrator: somebody who can sign in already, or whom to invite."""

    slug: Slug
    name: Line
    administrator: Annotated[str, Field(min_length=1, max_length=150)] | None = None
    administrator_email: Annotated[str, Field(pattern=ADDRESS_PATTERN)] | None = None

    @model_validator(mode="after")
    def _one_administrator(self) -> "CompanyIn":
        if (self.administrator is None) == (self.administrator_email is None):
            message = "name either the administrator or their e-mail address"
            raise ValueError(message)
        return self


class CompanyPatch(Patch):
    """Changes of a company."""

    name: Line = ""


class SuspensionIn(In):
    """Why a company is suspended, for its audit trail."""

    reason: Line


class InstalledCompanyOut(Versioned):
    """A company of this installation, seen from outside."""

    slug: str
    name: str
    created_at: Instant
    suspended_at: Instant | None
    schema_revision: str


class FormerMemberOut(Out):
    """Somebody who was part of the company where the archive was made; `actor` is who they are in the audit trail."""

    actor: str
    username: str
    email: str
    roles: list[str]

    @classmethod
    def of(cls, member: Member) -> "FormerMemberOut":
        """Somebody of an archive."""
        return cls(actor=member.actor, username=member.username, email=member.email, roles=list(member.roles))


class RestoredOut(InstalledCompanyOut):
    """A company that came out of an archive; `trail_entries` and `trail_head` are of the audit trail as it was there,
    and `members` are those to invite.
    """

    trail_entries: int
    trail_head: str
    members: list[FormerMemberOut]

    @classmethod
    def of(cls, restored: Restored) -> "RestoredOut":
        """What came out of an archive."""
        return cls(
            **InstalledCompanyOut.model_validate(restored.company).model_dump(),
            trail_entries=restored.trail.entries,
            trail_head=restored.trail.head,
            members=[FormerMemberOut.of(member) for member in restored.directory.members],
        )
