"""An alarm that comes and goes is changed in place: when it cleared is in no index, and its page has room."""

from alembic import op

revision = "2026_11_27_recurring_alarms"
down_revision = "2026_11_27_off_delay"


def upgrade() -> None:
    op.execute("DROP INDEX ix_alarms_sensor_id_cleared_at")
    op.execute("CREATE INDEX ix_alarms_sensor_id_closed_at ON alarms (sensor_id, closed_at)")
    op.execute("ALTER TABLE alarms SET (fillfactor = 70)")
