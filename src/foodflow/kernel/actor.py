"""Who acts: every credential becomes one frozen Actor."""

from dataclasses import dataclass, field
from datetime import datetime

from foodflow.kernel.errors import Refusal
from foodflow.kernel.tenancy import TenantName

PLATFORM = "platform"
"""The context of permissions over companies themselves, which no company can give."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, for which company, and what they may do there.

    `id` is stable and readable (`user:17`, `system:jobs`); it is what the audit trail keeps. `credential` names what
    they prove themselves with (`session:<id>`, `key:<id>`), and `until` is when that ends. `sites` are those that they
    are for (None: all of them), `teams` those that they belong to.
    `is_visitor` is somebody from outside, a guest or a participant, who uses up nothing of what the company may call.
    `company_name` is what the company calls itself, where it is known.
    `withheld` is why permissions of theirs are kept back for now, and what they are told where they lack one.
    """

    id: str
    tenant: TenantName
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    sites: frozenset[str] | None = None
    teams: frozenset[str] = frozenset()
    credential: str = ""
    until: datetime | None = None
    is_visitor: bool = False
    company_name: str = field(default="", compare=False)
    withheld: Refusal | None = field(default=None, compare=False)

    def may(self, permission: str) -> bool:
        """Whether this actor holds `context.verb`, by itself, by `context.*` or by `*`; `*` is everything within the
        company, so it holds nothing of `platform`.
        """
        context = permission.partition(".")[0]
        if context == PLATFORM:
            return permission in self.permissions
        return not self.permissions.isdisjoint({permission, f"{context}.*", "*"})

    def is_for(self, site: str) -> bool:
        """Whether this actor is for a site."""
        return self.sites is None or site in self.sites


def system_actor(tenant: TenantName, part: str) -> Actor:
    """FoodFlow itself acting for a company: a job, the command line, the simulator."""
    return Actor(id=f"system:{part}", tenant=tenant, permissions=frozenset({"*"}))
