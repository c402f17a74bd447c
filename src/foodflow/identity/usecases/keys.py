"""API keys: made, shown once, and revoked."""

import secrets
import string
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.identity.queries import keys as queries
from foodflow.identity.queries import members
from foodflow.identity.rules import keys as rules
from foodflow.identity.rules.people import number_of
from foodflow.identity.rules.roles import require_covered, require_known_permissions
from foodflow.identity.tables import ApiKey
from foodflow.identity.usecases.credentials import KEY_MARK
from foodflow.kernel import audit, clock, credentials
from foodflow.kernel.actor import Actor
from foodflow.kernel.errors import Forbidden
from foodflow.kernel.live import access

_MANAGE = "identity.manage_keys"
_LETTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key is for: whose it is (None: the caller's own), what it may, and until when."""

    name: str
    permissions: list[str]
    service_account_id: int | None
    expires_at: datetime | None


async def create_key(session: AsyncSession, actor: Actor, wanted: NewKey) -> tuple[ApiKey, str]:
    """Make a key, which may no more than its maker and its owner; the whole of it is shown this once."""
    require_known_permissions(wanted.permissions)
    require_covered(actor.permissions, wanted.permissions)
    owner_id = await _owner(session, actor, wanted)
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(rules.PREFIX_LENGTH))
    secret, digest = credentials.new_secret()
    now = clock.now()
    key = ApiKey(id=clock.new_id(), tenant=actor.tenant, user_id=owner_id, name=wanted.name, prefix=prefix)
    key.secret_hash, key.permissions = digest, sorted(set(wanted.permissions))
    key.created_by, key.created_at = actor.id, now
    key.expires_at = rules.expiry(wanted.expires_at, now, actor)
    session.add(key)
    told = {"name": key.name, "owner": owner_id, "permissions": key.permissions, "expires_at": key.expires_at}
    audit.record(session, actor, "key.created", key.id, **told)
    return key, f"{KEY_MARK}{prefix}_{secret}"


async def _owner(session: AsyncSession, actor: Actor, wanted: NewKey) -> int:
    if wanted.service_account_id is None:
        oneself = number_of(actor)
        if oneself is None:
            raise Forbidden("name a service account; only people and programs have keys of their own")
        return oneself
    if not actor.may(_MANAGE):
        raise Forbidden(f"this needs the permission {_MANAGE}")
    account = await members.service_account_for_update(session, actor, wanted.service_account_id)
    if not account.place.is_active:
        raise rules.ServiceAccountInactive("this service account is deactivated; activate it first")
    require_covered(account.permissions, wanted.permissions)
    return account.user.id


async def revoke_key(session: AsyncSession, actor: Actor, id: UUID) -> None:
    """End a key at once, with the streams that were opened with it."""
    key = await queries.key_seen_by_for_update(session, actor, id)
    key.revoked_at = clock.now()
    audit.record(session, actor, "key.revoked", key.id, name=key.name, owner=key.user_id)
    await access.changed(session, credential=f"key:{key.id}")
