"""Batches, what was counted of them, and trials."""

revision = "2026_11_26_batches"
down_revision = "2026_11_26_lines"


def upgrade() -> None:
    pass
