"""Wire shapes of API keys."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from foodflow.identity.schemas.roles import Permissions
from foodflow.identity.tables import ApiKey
from foodflow.kernel.wire import In, Instant, Out


class KeyIn(In):
    """A key: the caller's own, or that of a service account; it holds for a year unless it says otherwise."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    permissions: Permissions
    service_account_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    expires_at: Instant | None = None


class KeyOut(Out):
    """A key, as far as it can be shown again; `owner_id` is the person's or the service account's."""

    id: UUID
    name: str
    owner_id: Annotated[int, Field(validation_alias="user_id")]
    prefix: str
    permissions: list[str]
    created_by: str
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None


class NewKeyOut(KeyOut):
    """A key that was just made, with what is shown this once."""

    key: str

    @classmethod
    def of(cls, row: ApiKey, key: str) -> "NewKeyOut":
        """The wire shape of a key and the whole of it."""
        return cls.model_validate({**KeyOut.model_validate(row).model_dump(), "user_id": row.user_id, "key": key})
