"""What API keys may be given, how long they hold, and what nobody does with one."""

from datetime import datetime, timedelta

from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound

DEFAULT_LIFE = timedelta(days=365)
LONGEST_LIFE = timedelta(days=5 * 365)
PREFIX_LENGTH = 10


class KeyMayNot(Forbidden):
    """People do this, programs do not."""

    code = "identity.key_may_not"


class KeyNotFound(NotFound):
    """There is no such key."""

    code = "identity.key_not_found"


class ServiceAccountNotFound(NotFound):
    """There is no such service account in this company."""

    code = "identity.service_account_not_found"


class ServiceAccountInactive(Conflict):
    """The service account is deactivated, so no key is made for it."""

    code = "identity.service_account_inactive"


def require_in_person(actor: Actor) -> None:
    """Who may what, and what people prove themselves with, is changed by people: a lost key must not outlive itself."""
    if actor.credential.startswith("key:"):
        raise KeyMayNot("an API key may not do this; sign in")


def expiry(wanted: datetime | None, now: datetime, actor: Actor) -> datetime:
    """When a new key ends: after a year unless it says otherwise, and never after the key that it is made with."""
    latest = now + LONGEST_LIFE
    if wanted is not None and not now < wanted <= latest:
        raise Invalid.because(
            FieldError("expires_at", "must be a moment within the next five years", "identity.key_expiry")
        )
    end = wanted or now + DEFAULT_LIFE
    if actor.credential.startswith("key:") and actor.until is not None:
        return min(end, actor.until)
    return end
