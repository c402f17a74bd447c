"""Readings in blocks, with status and server time."""

revision = "2026_11_26_readings"
down_revision = "2026_11_26_batches"


def upgrade() -> None:
    pass
