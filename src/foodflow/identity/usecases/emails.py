"""What an account says of its holder: names, and an address that changes once its reader has confirmed it.

Invitations and forgotten passwords trust the address of an account, so nobody may claim somebody else's.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import invitations, people
from foodflow.identity.queries.members import Member
from foodflow.identity.rules.keys import require_in_person
from foodflow.identity.rules.people import BadLink, EmailTaken
from foodflow.identity.tables import User
from foodflow.identity.usecases.people import rename_person
from foodflow.kernel import audit, clock, credentials
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import unless_taken
from foodflow.kernel.mail import Postbox
from foodflow.kernel.sealing import BrokenSealError, Sealer
from foodflow.kernel.tenancy import TenantName

_LIFE = timedelta(days=1)
_ASKED = """Somebody with an account at FoodFlow wants to use this address for it. Was it you? Then follow this link
within a day:

{link}

Otherwise do nothing.
"""
_NOTICE = """The e-mail address of your account at FoodFlow is about to be changed. Was it not you, or somebody of your
company whom you asked? Then change your password now, and tell your company.
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of address that waits for its confirmation; it travels sealed, in the link."""

    user_id: int
    tenant: str
    before: str
    after: str
    until: str

    @property
    def actor(self) -> Actor:
        """Whoever reads the mail of the new address, as the holder of the account."""
        return Actor(f"user:{self.user_id}", TenantName(self.tenant))


@dataclass(frozen=True, slots=True)
class Letters:
    """What a mail with a sealed link takes."""

    postbox: Postbox
    sealer: Sealer


async def change_person(
    session: AsyncSession, actor: Actor, id: int, given: Mapping[str, str], *, letters: Letters
) -> Member:
    """Change somebody's names, and send a link to confirm the address that they shall have."""
    names = {name: given[name] for name in ("first_name", "last_name") if name in given}
    member = await rename_person(session, actor, id, names)
    if "email" in given:
        await _ask_for_change(session, actor, member.user, given["email"], letters=letters)
    return member


async def ask_for_change(session: AsyncSession, actor: Actor, id: int, email: str, *, letters: Letters) -> Member:
    """Send a link to the address that somebody's account shall have, and a notice to the one that it has."""
    return await change_person(session, actor, id, {"email": email}, letters=letters)


async def _ask_for_change(session: AsyncSession, actor: Actor, user: User, email: str, *, letters: Letters) -> None:
    """The same is done where another account has the address, which is told to nobody but its reader."""
    require_in_person(actor)
    if email == user.email:
        return
    post = letters.postbox
    change = Change(user.id, actor.tenant, user.email, email, credentials.expires(_LIFE).isoformat())
    link = post.link(f"/email/confirm#{letters.sealer.seal(json.dumps(asdict(change)).encode()).decode()}")
    asked = {"subject": "Confirm your e-mail address", "text": _ASKED.format(link=link)}
    await post.post(session, actor.tenant, to=email, **asked)
    if user.email:
        notice = {"subject": "Your e-mail address is about to change", "text": _NOTICE}
        await post.post(session, actor.tenant, to=user.email, **notice)
    audit.record(session, actor, "user.email_change_asked", user.id)


def opened(token: str, sealer: Sealer) -> Change:
    """The change that a link confirms, or a refusal."""
    try:
        change = Change(**json.loads(sealer.open(token.encode())))
    except (BrokenSealError, TypeError, ValueError):
        raise BadLink from None
    if datetime.fromisoformat(change.until) <= clock.now():
        raise BadLink
    return change


async def confirm_change(session: AsyncSession, change: Change) -> None:
    """Give an account its new address, unless it has another one by now; refuses an address that is taken."""
    taken = await invitations.person_of_address_for_update(session, change.after)
    if taken is not None:
        raise EmailTaken("another account has this address")
    user = await people.user_for_update(session, change.user_id)
    if user.email != change.before or user.erased_at is not None:
        raise BadLink
    async with unless_taken(session, EmailTaken("another account has this address")):
        user.email = change.after
    audit.record(session, change.actor, "user.email_changed", user.id)
