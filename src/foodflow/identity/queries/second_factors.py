"""Second factors and the recovery codes that stand in for them."""

from collections.abc import Sequence

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.tables import RecoveryCode, SecondFactor


async def second_factor(session: AsyncSession, user_id: int) -> SecondFactor | None:
    """Somebody's second factor, confirmed or not."""
    return await session.get(SecondFactor, user_id)


async def is_confirmed(session: AsyncSession, user_id: int) -> bool:
    """Whether somebody signs in with a second factor."""
    found = exists().where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
    return bool(await session.scalar(select(found)))


async def second_factor_for_update(session: AsyncSession, user_id: int) -> SecondFactor | None:
    """Somebody's second factor, locked: of two who use one code at once, the second sees that it was used."""
    found = select(SecondFactor).where(SecondFactor.user_id == user_id)
    locked = found.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(locked)).first()


async def recovery_code_for_update(session: AsyncSession, user_id: int, code_hash: bytes) -> RecoveryCode | None:
    """A recovery code that was not used yet, locked."""
    found = select(RecoveryCode).where(
        RecoveryCode.user_id == user_id, RecoveryCode.code_hash == code_hash, RecoveryCode.used_at.is_(None)
    )
    return (await session.scalars(found.with_for_update())).first()


async def recovery_codes(session: AsyncSession, user_id: int) -> Sequence[RecoveryCode]:
    """All of somebody's recovery codes, used or not."""
    return (await session.scalars(select(RecoveryCode).where(RecoveryCode.user_id == user_id))).all()


async def recovery_codes_left(session: AsyncSession, user_id: int) -> int:
    """How many of somebody's recovery codes were not used yet."""
    left = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return await session.scalar(left) or 0
