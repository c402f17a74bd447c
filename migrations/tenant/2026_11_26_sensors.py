"""Sensors as instruments: their calibrations, and what of them is in force."""

from alembic import op

revision = "2026_11_26_sensors"
down_revision = "2026_11_26_events"

IN_FORCE = """
ALTER TABLE sensors
    ADD COLUMN calibration_offset double precision NOT NULL DEFAULT 0,
    ADD COLUMN last_calibration_date timestamptz,
    ADD COLUMN next_calibration_date timestamptz
"""

CALIBRATIONS = """
CREATE TABLE sensor_calibrations (
    id uuid CONSTRAINT pk_sensor_calibrations PRIMARY KEY,
    sensor_id uuid NOT NULL CONSTRAINT fk_sensor_calibrations_sensor_id_sensors REFERENCES sensors (id),
    at timestamptz NOT NULL,
    calibration_offset double precision NOT NULL,
    next_due timestamptz,
    calibrated_by text NOT NULL,
    certificate text NOT NULL,
    as_found double precision,
    as_left double precision,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT uq_sensor_calibrations_sensor_id_at UNIQUE (sensor_id, at),
    CONSTRAINT ck_sensor_calibrations_next_due CHECK (next_due > at)
)
"""


def upgrade() -> None:
    op.execute(IN_FORCE)
    op.execute(CALIBRATIONS)
