"""Names of companies: the tenant, its schema and its role."""

import re
from typing import NewType

from foodflow.kernel.errors import FieldError, Invalid
from foodflow.settings import SLUG_PATTERN

TenantName = NewType("TenantName", str)
"""The slug of a company: what stands in credentials, host names, channels and paths."""

TEMPLATE_SCHEMA = "tenant_template"
"""The schema (and role) that a new company's schema is cloned from; no slug can produce this name."""


def tenant_name(slug: str) -> TenantName:
    """Read a company's slug; refuse one that could not be a host name and a PostgreSQL role at once."""
    if not re.fullmatch(SLUG_PATTERN, slug, re.ASCII):
        message = "must be 1 to 40 characters: lower-case letters, digits and hyphens, a letter first, no hyphen last"
        raise Invalid.because(FieldError("slug", message, "company.slug"))
    return TenantName(slug)


def schema_name(tenant: TenantName) -> str:
    """The schema and role of a company. One to one: a slug has no underscore of its own."""
    return "t_" + tenant.replace("-", "_")
