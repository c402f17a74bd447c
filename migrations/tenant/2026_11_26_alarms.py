"""Alarms, and what detectors remember."""

revision = "2026_11_26_alarms"
down_revision = "2026_11_26_history"


def upgrade() -> None:
    pass
