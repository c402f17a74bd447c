"""The rules of the HTTP interface that hold for every context."""

from foodflow.kernel.http.guards import CurrentActor, guarded_router, needs, open_to_all, open_to_guests
from foodflow.kernel.http.transactions import DirectoryTransaction, Transaction

__all__ = [
    "CurrentActor",
    "DirectoryTransaction",
    "Transaction",
    "guarded_router",
    "needs",
    "open_to_all",
    "open_to_guests",
]
