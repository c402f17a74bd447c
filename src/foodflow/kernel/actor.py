"""Who acts: every credential becomes one frozen Actor."""

from dataclasses import dataclass

from foodflow.kernel.tenancy import TenantName


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, for which company, and what they may do there.

    `id` is stable and readable (`user:17`, `system:jobs`); it is what the audit trail keeps.
    """

    id: str
    tenant: TenantName
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()

    def may(self, permission: str) -> bool:
        """Whether this actor holds `context.verb`, by itself, by `context.*` or by `*`."""
        context = permission.partition(".")[0]
        return not self.permissions.isdisjoint({permission, f"{context}.*", "*"})


def system_actor(tenant: TenantName, part: str) -> Actor:
    """FoodFlow itself acting for a company: a job, the command line, the simulator."""
    return Actor(id=f"system:{part}", tenant=tenant, permissions=frozenset({"*"}))
