"""What can be entered into the forms about people and companies, and in which shape."""

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from foodflow.identity.public.members import USER_NAME
from foodflow.identity.public.own_company import Settings
from foodflow.identity.public.roles import ROLE_NAME
from foodflow.kernel.mail import ADDRESS_PATTERN
from foodflow.kernel.outside_sites import is_web_address
from foodflow.kernel.wire import In, Line

LONGEST_NAME: Final = 150
Name = Annotated[str, Field(max_length=LONGEST_NAME)]
Email = Annotated[str, StringConstraints(to_lower=True, max_length=254, pattern=ADDRESS_PATTERN)]
Roles = Annotated[list[str], Field(min_length=1, max_length=20)]
Places = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=200)]
Permissions = Annotated[list[str], Field(min_length=1, max_length=200)]


def _issuer(value: str) -> str:
    if "?" in value or not is_web_address(value):
        message = "must be an https address without user, query or fragment (http on this machine only)"
        raise ValueError(message)
    return value


class Names(In):
    """What somebody is called."""

    first_name: Name
    last_name: Name


class Address(In):
    """An e-mail address."""

    email: Email


class Scope(In):
    """The sites (None: all) and teams that somebody is for."""

    sites: Places | None
    teams: Places


class RolesGiven(In):
    """The roles that somebody shall have."""

    roles: Roles


class Invitation(Names, Address, Scope, RolesGiven):
    """Whom to invite, and as what."""


class Account(Names):
    """The account that somebody who was invited chooses."""

    username: Annotated[str, StringConstraints(to_lower=True, pattern=USER_NAME)]


class Program(RolesGiven):
    """A program, and what it may."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    sites: Places | None


class Key(In):
    """An API key: what it is called, what it may, and for how many days it holds."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    permissions: Permissions
    days: Annotated[int, Field(ge=1, le=5 * 365)]


class Role(In):
    """What a role of the company's own permits."""

    description: Annotated[str, Field(max_length=500)]
    permissions: Permissions


class NewRole(Role):
    """A role that the company makes for itself."""

    name: Annotated[str, Field(pattern=ROLE_NAME)]


class Company(Settings):
    """What a company is called, and its settings."""

    name: Line


class Provider(In):
    """An OpenID Connect provider, and what we are known by there; without a secret, as a public client."""

    name: Line
    issuer: Annotated[str, Field(max_length=500), AfterValidator(_issuer)]
    client_id: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")]
    client_secret: Annotated[str, StringConstraints(strip_whitespace=False, max_length=500, pattern=r"^[\x20-\x7e]*$")]


class AlarmsSeen(In):
    """Which alarms somebody has seen, or of which flood."""

    ids: Annotated[list[UUID], Field(max_length=200)]
    flood_id: UUID | None


class Silence(In):
    """For how long an alarm is out of sight, and why."""

    minutes: Annotated[int, Field(ge=1, le=24 * 60)]
    reason: Line


class Cause(In):
    """What an alarm came from."""

    cause: Line


class StateOfLine(In):
    """What a line is doing, and why."""

    state: Literal["running", "idle", "changeover", "downtime", "maintenance", "not_scheduled"]
    reason: Annotated[str, Field(max_length=255)]


class ReasonOfStop(In):
    """Why a line stopped."""

    reason_id: UUID


class Why(In):
    """Why somebody does something, if they say so."""

    reason: Annotated[str, Field(max_length=255)]
