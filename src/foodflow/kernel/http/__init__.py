"""The rules of the HTTP interface that hold for every context."""

from foodflow.kernel.http.guards import CurrentActor, Transaction, guarded_router, needs, open_to_all

__all__ = ["CurrentActor", "Transaction", "guarded_router", "needs", "open_to_all"]
