"""Roll-ups of readings and how long readings are kept."""

revision = "2026_11_26_history"
down_revision = "2026_11_26_readings"


def upgrade() -> None:
    pass
