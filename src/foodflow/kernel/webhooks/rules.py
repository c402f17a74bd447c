"""When an event is sent again, when a webhook is switched off, and what is refused."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from foodflow.kernel.outside_sites import is_web_address

DELAYS = (5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 10_800, 21_600, 21_600, 21_600)
"""Seconds between one attempt and the next: together about 25 hours."""
JITTER = 0.2
"""By how much of itself a delay may be longer, so that what failed together is not sent again together."""
LONGEST_DELAY = 21_600
FAILING_FOR = timedelta(days=3)
"""How long a webhook may fail without any success before it is switched off."""
OVERLAP = timedelta(hours=24)
"""How long a secret is still signed with after it was replaced."""
MAX_WEBHOOKS = 100
MAX_REPLAYED = 100_000


class Status(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    DISCARDED = "discarded"


class Reason(StrEnum):
    """Why a webhook was switched off by itself."""

    GONE = "gone"
    FAILING = "failing"
    NO_SECRET = "no_secret"  # noqa: S105 - the name of a reason


class WebhookNotFound(NotFound):
    """No such webhook in this company, or it is not for this actor."""

    code = "events.webhook_not_found"


class DeliveryNotFound(NotFound):
    """No such delivery of this webhook."""

    code = "events.delivery_not_found"


class DeliveryNotDead(Conflict):
    """What is not given up needs no help."""

    code = "events.delivery_not_dead"


class TooManyWebhooks(Conflict):
    """A company has as many webhooks as it can have."""

    code = "events.too_many_webhooks"


class TooMuchToReplay(Conflict):
    """More events lie in that span than are sent again at once."""

    code = "events.too_much_to_replay"


class SitesBeyondOnesOwn(Forbidden):
    """Whoever is for some sites alone names sites of theirs."""

    code = "events.sites_beyond_ones_own"


def require_address(url: str, *, local: bool) -> None:
    """A webhook's address is of https; on an installation that is reached on its own machine, also of http there."""
    if not is_web_address(url) or not (local or url.startswith("https://")):
        message = "must be the https address of a site, without a password in it"
        raise Invalid.because(FieldError("url", message, "events.bad_webhook_address"))


def require_own_sites(actor: Actor, sites: Iterable[str]) -> None:
    """Whoever is for some sites alone sends the events of those, and of no others."""
    if actor.sites is None:
        return
    named = set(sites)
    if not named or not named <= actor.sites:
        raise SitesBeyondOnesOwn("you are for some sites only: name those of them whose events are to be sent")


def delay_after(attempts: int, *, chance: float, retry_after: int | None = None) -> timedelta | None:
    """How long to wait after so many failed attempts, or None where that was the last one; `chance` is from 0 to 1,
    and no sooner than the receiver asked for.
    """
    if attempts > len(DELAYS):
        return None
    seconds = DELAYS[attempts - 1] * (1 + JITTER * chance)
    asked = min(retry_after or 0, LONGEST_DELAY)
    return timedelta(seconds=max(seconds, asked))
