"""HTTP interface of identity."""

from foodflow.identity.routes import (
    companies,
    external_identities,
    invitations,
    keys,
    oidc,
    passwords,
    people,
    personal,
    providers,
    roles,
    second_factors,
    service_accounts,
    sessions,
    signing_in,
)
from foodflow.kernel.http.routers import Router

router = Router()
for part in (
    signing_in.router,
    signing_in.unversioned,
    sessions.router,
    second_factors.router,
    companies.router,
    personal.router,
    oidc.router,
    external_identities.router,
    providers.router,
    people.router,
    invitations.router,
    invitations.accepting,
    passwords.router,
    roles.router,
    service_accounts.router,
    keys.router,
):
    router.include_router(part)
