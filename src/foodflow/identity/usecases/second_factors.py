"""Second factors: set up, confirmed, used and removed."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import people
from foodflow.identity.queries import second_factors as queries
from foodflow.identity.queries.people import Person
from foodflow.identity.rules import second_factors as rules
from foodflow.identity.rules.credentials import user_of
from foodflow.identity.tables import RecoveryCode, SecondFactor
from foodflow.identity.usecases import sessions
from foodflow.kernel import audit, clock, credentials
from foodflow.kernel.actor import Actor
from foodflow.kernel.sealing import BrokenSealError, Sealer


@dataclass(frozen=True, slots=True)
class Overview:
    """Whether somebody has a second factor, and whether their company asks for one."""

    enrolled: bool
    confirmed_at: datetime | None
    recovery_codes_left: int
    required: bool


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app needs to make codes; shown once."""

    secret: str
    uri: str


async def overview(session: AsyncSession, person: Person) -> Overview:
    """How somebody stands with their second factor."""
    factor = await queries.second_factor(session, person.id)
    confirmed_at = factor.confirmed_at if factor else None
    left = await queries.recovery_codes_left(session, person.id)
    return Overview(confirmed_at is not None, confirmed_at, left, rules.is_required(person.company_settings))


async def set_up(session: AsyncSession, actor: Actor, person: Person, sealer: Sealer) -> Enrolment:
    """Begin a second factor, which holds once it is confirmed; one that was only begun is forgotten."""
    await people.user_for_update(session, person.id)
    before = await queries.second_factor_for_update(session, person.id)
    if before is not None and before.confirmed_at is not None:
        raise rules.SecondFactorThere
    secret = base64.b32encode(secrets.token_bytes(rules.SECRET_BYTES)).decode()
    factor = before or SecondFactor(user_id=person.id, last_step=0)
    factor.sealed_secret, factor.created_at = sealer.seal(secret.encode()), clock.now()
    session.add(factor)
    audit.record(session, actor, "second_factor.begun", actor.id)
    return Enrolment(secret, rules.address_of(secret, username=person.username, company=person.company_name))


async def confirm(session: AsyncSession, actor: Actor, code: str, sealer: Sealer) -> list[str]:
    """Let a second factor hold, whose code shows that the app has it, and the present stay count as begun with it; the
    recovery codes are shown this once.
    """
    user_id = user_of(actor)
    factor = await queries.second_factor_for_update(session, user_id)
    if factor is None:
        raise rules.NoSecondFactor
    if factor.confirmed_at is not None:
        raise rules.SecondFactorThere
    if not _uses(factor, code, sealer):
        raise rules.BadCode
    factor.confirmed_at = clock.now()
    await sessions.secure(session, actor)
    audit.record(session, actor, "second_factor.confirmed", actor.id)
    return await _new_recovery_codes(session, user_id)


async def prove(session: AsyncSession, user_id: int, code: str, sealer: Sealer) -> bool:
    """Whether a code is somebody's, of their app or a recovery code; it is used up by this."""
    factor = await queries.second_factor_for_update(session, user_id)
    if factor is None or factor.confirmed_at is None:
        return False
    if _uses(factor, code, sealer):
        return True
    digest = credentials.secret_hash(rules.plain_recovery_code(code))
    recovery = await queries.recovery_code_for_update(session, user_id, digest)
    if recovery is None:
        return False
    recovery.used_at = clock.now()
    return True


async def renew_recovery_codes(session: AsyncSession, actor: Actor) -> list[str]:
    """New recovery codes in the place of all former ones."""
    user_id = user_of(actor)
    audit.record(session, actor, "second_factor.recovery_codes_renewed", actor.id)
    return await _new_recovery_codes(session, user_id)


async def remove(session: AsyncSession, actor: Actor, user_id: int) -> None:
    """Remove somebody's second factor and its recovery codes, if they have one; no stay of theirs counts as begun with
    it any longer.
    """
    factor = await queries.second_factor_for_update(session, user_id)
    if factor is None:
        return
    await _forget_recovery_codes(session, user_id)
    await session.delete(factor)
    await sessions.unsecure(session, user_id)
    audit.record(session, actor, "second_factor.removed", f"user:{user_id}")


def _uses(factor: SecondFactor, code: str, sealer: Sealer) -> bool:
    """Whether a code fits; its step is used up. One that was sealed with another key fits nothing any more."""
    try:
        secret = sealer.open(factor.sealed_secret).decode()
    except BrokenSealError:
        return False
    step = rules.step_of(secret, code, at=clock.now(), after=factor.last_step)
    if step is None:
        return False
    factor.last_step = step
    return True


async def _new_recovery_codes(session: AsyncSession, user_id: int) -> list[str]:
    await _forget_recovery_codes(session, user_id)
    codes = [rules.recovery_code_of(secrets.token_bytes(rules.RECOVERY_BYTES)) for _ in range(rules.RECOVERY_CODES)]
    hashes = [credentials.secret_hash(rules.plain_recovery_code(code)) for code in codes]
    session.add_all(RecoveryCode(user_id=user_id, code_hash=digest) for digest in hashes)
    return codes


async def _forget_recovery_codes(session: AsyncSession, user_id: int) -> None:
    for code in await queries.recovery_codes(session, user_id):
        await session.delete(code)
    await session.flush()
