"""What a company can settle, what of its directory travels with its archive, and why a deed on it is refused."""

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from foodflow.identity.rules.people import number_of
from foodflow.identity.rules.roles import MAX_OWN_ROLES, ROLE_NAME
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Conflict, NotFound

LOCALE = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"
"""A language, perhaps a script and a region (BCP 47): `en`, `de-AT`, `zh-Hans-CN`."""
CURRENCY = r"^[A-Z]{3}$"


class CompanyNotFound(NotFound):
    """There is no company of this slug."""

    code = "company.unknown"


class OwnCompany(Conflict):
    """Nobody suspends or removes the company that they act in: they could not take it back."""

    code = "company.own"


class NotSuspended(Conflict):
    """Only a suspended company is removed, so that nobody is at work in it and nobody is taken by surprise."""

    code = "company.not_suspended"


class NoSecondFactor(Conflict):
    """Whoever asks a second factor of everybody must have one, or would lock themselves out."""

    code = "company.no_second_factor"


class NoSuchAdministrator(Conflict):
    """Nobody who can sign in has this user name."""

    code = "company.no_such_administrator"


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        message = "is no time zone; name one such as Europe/Paris"
        raise ValueError(message) from None
    return name


TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_time_zone)]
Currency = Annotated[str, Field(pattern=CURRENCY)]
Locale = Annotated[str, Field(pattern=LOCALE)]
Demand = Literal["optional", "required"]


class Settings(BaseModel):
    """What a company can settle, and what holds until it has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_zone: TimeZone = "UTC"
    currency: Currency = "EUR"
    locale: Locale = "en"
    second_factor: Demand = "optional"


class OwnRole(BaseModel):
    """A role of the company's own, as it travels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=ROLE_NAME)]
    description: Annotated[str, Field(max_length=1000)]
    permissions: Annotated[tuple[str, ...], Field(max_length=500)]


class Member(BaseModel):
    """Somebody of the company, as they travel: `actor` is who they are in the audit trail; nothing opens a door."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    actor: str
    username: str
    email: str
    first_name: str
    last_name: str
    roles: tuple[str, ...]
    sites: tuple[str, ...] | None
    teams: tuple[str, ...]
    is_active: bool


class Directory(BaseModel):
    """What the directory knows of a company, as it travels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    settings: Settings
    roles: Annotated[tuple[OwnRole, ...], Field(max_length=MAX_OWN_ROLES)]
    members: tuple[Member, ...]


def settled(stored: dict[str, Any]) -> Settings:
    """A company's settings, with what holds where it has settled nothing."""
    return Settings.model_validate(stored)


def require_not_own(slug: str, actor: Actor) -> None:
    """Refuse a deed that a person who does it could not take back; the command line belongs to no company."""
    if slug == actor.tenant and number_of(actor) is not None:
        raise OwnCompany("this is the company that you act in; let an operator of another company do it")


def require_own_second_factor(settings: dict[str, Any], *, has_one: bool) -> None:
    """Refuse to ask of everybody what the asker has not."""
    if settings.get("second_factor") == "required" and not has_one:
        raise NoSecondFactor("set up a second factor of your own before you ask one of everybody")


def erased_name(user_id: int) -> str:
    """The user name of somebody who was erased; the colon keeps it apart from all that can be chosen."""
    return f"erased:{user_id}"
