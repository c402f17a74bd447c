"""The audit trail: recorded beside each change, never changed itself, verified, and shown to those who may see it."""

from foodflow.kernel.audit.trail import GENESIS, Entry, Verdict, record, verify, write

__all__ = ["GENESIS", "Entry", "Verdict", "record", "verify", "write"]
