"""Who may do what with whom in a company, and why not."""

from collections.abc import Iterable, Mapping

from foodflow.identity.rules.roles import ADMINISTRATOR, RaisesRights
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound

USER_NAME = r"^[a-z0-9][a-z0-9._-]{1,62}[a-z0-9]$"
"""No @, so that nobody takes somebody else's address for a name."""


class PersonNotFound(NotFound):
    """There is no such person in this company, as far as the caller may know."""

    code = "identity.person_not_found"


class NotManaged(Forbidden):
    """The caller may see this person, and does not manage people."""

    code = "identity.not_managed"


class NotOneself(Forbidden):
    """Nobody changes their own roles or scope."""

    code = "identity.not_oneself"


class OwnAffair(Forbidden):
    """The account opens more than this company, so its holder alone changes it."""

    code = "identity.own_affair"


class LastAdministrator(Conflict):
    """A company keeps at least one administrator."""

    code = "identity.last_administrator"


class UserNameTaken(Conflict):
    """Somebody has this user name."""

    code = "identity.user_name_taken"


class EmailTaken(Conflict):
    """Another account has this address."""

    code = "identity.email_taken"


class NoEmail(Conflict):
    """There is no address to send a mail to."""

    code = "identity.no_email"


class BadLink(Conflict):
    """The link was used, is too old, or was never given out."""

    code = "identity.bad_link"

    def __init__(self) -> None:
        super().__init__("this link is not valid (any longer); ask for a new one")


class AlreadyMember(Conflict):
    """Whoever was invited is part of the company, or is invited already."""

    code = "identity.already_member"


class InvitationNotFound(NotFound):
    """There is no such open invitation."""

    code = "identity.invitation_not_found"


def number_of(actor: Actor) -> int | None:
    """The number of the person or service account who acts; None for FoodFlow itself."""
    number = actor.id.partition(":")[2]
    return int(number) if number.isascii() and number.isdecimal() else None


def require_somebody_else(actor: Actor, user_id: int) -> None:
    """What somebody may is decided by others."""
    if number_of(actor) == user_id:
        raise NotOneself("nobody changes what they may themselves")


def require_within(actor: Actor, sites: Iterable[str] | None, teams: Iterable[str]) -> None:
    """Whoever is for some sites gives or manages at most these; whoever sees their own teams alone, at most those."""
    if actor.sites is not None and (sites is None or not actor.sites.issuperset(sites)):
        raise RaisesRights(f"you are for these sites only: {', '.join(sorted(actor.sites)) or 'none'}")
    if not actor.may("identity.read_people") and not actor.teams.issuperset(teams):
        raise RaisesRights(f"you belong to these teams only: {', '.join(sorted(actor.teams)) or 'none'}")


def require_another_administrator(roles: Iterable[str], others: int) -> None:
    """Whoever holds these roles can go (or lose them) unless they are the company's last administrator."""
    if ADMINISTRATOR in roles and not others:
        raise LastAdministrator("a company keeps at least one administrator; make somebody else one first")


def require_of_this_company(*, opens_more: bool) -> None:
    """A company decides about an account that opens nothing else; of any other, about its place alone."""
    if opens_more:
        raise OwnAffair("this account opens more than your company, so only its holder can change it")


def require_account_fields(given: Mapping[str, str | None], *, needed: bool) -> None:
    """Whoever gets an account chooses its name and password; whoever has one keeps it as it is."""
    if needed:
        missing = [name for name in ("username", "password") if given[name] is None]
        errors = [FieldError(name, "choose one for your new account", "identity.account_needed") for name in missing]
    else:
        named = [name for name, value in given.items() if value is not None]
        message = "you have an account already, which stays as it is; leave this out"
        errors = [FieldError(name, message, "identity.account_there") for name in named]
    if errors:
        raise Invalid.because(*errors)
