"""Preparing a database at a start: a glance tells whether there is anything to do, and mostly there is not."""

from foodflow.kernel.glance import is_provisioned
from foodflow.parts import database_url_of
from foodflow.settings import Settings


def prepare(settings: Settings) -> list[str]:
    """Bring the database to the present revision and see that somebody can sign in; returns what there is to say."""
    url, person = database_url_of(settings), settings.admin_username
    if is_provisioned(url, tenant=settings.default_tenant, username=person):
        return []
    from foodflow.provisioning import provision  # noqa: PLC0415 - takes longer to load than a start with nothing to do

    return provision(settings)
