"""Wire shapes of personal data."""

from typing import Any
from uuid import UUID

from foodflow.identity.usecases.personal import Erased, PersonalData
from foodflow.kernel.audit.schemas import EntryOut
from foodflow.kernel.wire import Instant, Out


class AccountData(Out):
    """An account."""

    id: int
    username: str
    email: str
    first_name: str
    last_name: str
    is_active: bool
    created_at: Instant
    last_login_at: Instant | None
    password_changed_at: Instant | None


class PlaceData(Out):
    """A place in the company."""

    tenant: str
    roles: list[str]
    sites: list[str] | None
    teams: list[str]
    is_active: bool
    created_at: Instant
    accepted_at: Instant | None


class StayData(Out):
    """A stay between signing in and out, and where it came from."""

    kind: str
    address: str
    agent: str
    methods: list[str]
    created_at: Instant
    last_used_at: Instant | None
    expires_at: Instant
    revoked_at: Instant | None


class KeyData(Out):
    """An API key; its secret is known to nobody but its holder."""

    id: UUID
    name: str
    prefix: str
    permissions: list[str]
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None
    revoked_at: Instant | None


class ExternalIdentityData(Out):
    """Who somebody is elsewhere."""

    issuer: str
    subject: str
    created_at: Instant
    last_used_at: Instant | None


class PersonalDataOut(Out):
    """All that one company holds about a person; `records` is what each part of the business adds."""

    account: AccountData
    has_second_factor: bool
    membership: PlaceData
    stays: list[StayData]
    api_keys: list[KeyData]
    external_identities: list[ExternalIdentityData]
    audit_trail: list[EntryOut]
    records: dict[str, Any]

    @classmethod
    def of(cls, data: PersonalData) -> "PersonalDataOut":
        """What was gathered about somebody."""
        member, held = data.member, data.held
        return cls(
            account=AccountData.model_validate(member.user),
            has_second_factor=member.has_second_factor,
            membership=PlaceData.model_validate(member.place),
            stays=[StayData.model_validate(stay) for stay in held.stays],
            api_keys=[KeyData.model_validate(key) for key in held.keys],
            external_identities=[ExternalIdentityData.model_validate(each) for each in held.external_identities],
            audit_trail=[EntryOut.model_validate(entry) for entry in data.trail],
            records=data.records,
        )


class ErasedOut(Out):
    """What was erased: the account, or (where it opens more than this company) the place in the company."""

    erased: Erased
