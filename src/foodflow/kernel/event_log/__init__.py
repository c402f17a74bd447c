"""The event log of a company: what was told, kept in order for longer than the outbox keeps it, and queryable."""
