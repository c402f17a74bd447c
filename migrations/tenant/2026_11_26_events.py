"""Events that are kept, webhooks and their deliveries."""

revision = "2026_11_26_events"
down_revision = "2026_11_26_alarms"


def upgrade() -> None:
    pass
