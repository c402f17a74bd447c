"""The plant: lines and what is recorded of their time, batches and counts, sensors and their readings by month."""

from alembic import op

revision = "2026_11_20_plant"
down_revision = "2026_11_20_audit"

LINES = """
CREATE TABLE production_lines (
    id uuid CONSTRAINT pk_production_lines PRIMARY KEY,
    line_number text NOT NULL CONSTRAINT uq_production_lines_line_number UNIQUE,
    name text NOT NULL,
    description text NOT NULL,
    plant_name text NOT NULL,
    location text NOT NULL,
    design_speed numeric(10, 2),
    max_speed numeric(10, 2),
    min_speed numeric(10, 2),
    status text,
    status_since timestamptz,
    current_batch_id uuid,
    is_active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT ck_production_lines_speeds CHECK (design_speed > 0 AND max_speed > 0 AND min_speed > 0),
    CONSTRAINT ck_production_lines_status CHECK (
        status IN ('idle', 'running', 'changeover', 'downtime', 'maintenance', 'not_scheduled')
    )
);
CREATE TABLE line_states (
    line_id uuid NOT NULL CONSTRAINT fk_line_states_line_id_production_lines REFERENCES production_lines (id),
    at timestamptz NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    batch_id uuid,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT pk_line_states PRIMARY KEY (line_id, at),
    CONSTRAINT ck_line_states_state CHECK (
        state IN ('idle', 'running', 'changeover', 'downtime', 'maintenance', 'not_scheduled')
    )
);
"""

BATCHES = """
CREATE TABLE production_batches (
    id uuid CONSTRAINT pk_production_batches PRIMARY KEY,
    batch_number text NOT NULL CONSTRAINT uq_production_batches_batch_number UNIQUE,
    work_order_number text NOT NULL,
    product_code text NOT NULL,
    product_name text NOT NULL,
    line_id uuid NOT NULL CONSTRAINT fk_production_batches_line_id_production_lines REFERENCES production_lines (id),
    status text NOT NULL,
    planned_start_time timestamptz,
    planned_end_time timestamptz,
    actual_start_time timestamptz,
    actual_end_time timestamptz,
    target_quantity numeric(12, 2) NOT NULL,
    good_quantity numeric(12, 2) NOT NULL,
    scrap_quantity numeric(12, 2) NOT NULL,
    target_speed numeric(10, 2),
    operator_name text NOT NULL,
    shift text NOT NULL,
    notes text NOT NULL,
    availability double precision,
    performance double precision,
    quality double precision,
    oee double precision,
    oee_version integer,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT ck_production_batches_status CHECK (status IN ('planned', 'in_progress', 'completed')),
    CONSTRAINT ck_production_batches_target_quantity CHECK (target_quantity > 0),
    CONSTRAINT ck_production_batches_quantities CHECK (good_quantity >= 0 AND scrap_quantity >= 0),
    CONSTRAINT ck_production_batches_target_speed CHECK (target_speed > 0)
);
CREATE INDEX ix_production_batches_line_id ON production_batches (line_id);
CREATE UNIQUE INDEX uq_production_batches_in_progress ON production_batches (line_id) WHERE status = 'in_progress';
CREATE TABLE production_counts (
    id uuid CONSTRAINT pk_production_counts PRIMARY KEY,
    line_id uuid NOT NULL CONSTRAINT fk_production_counts_line_id_production_lines REFERENCES production_lines (id),
    batch_id uuid CONSTRAINT fk_production_counts_batch_id_production_batches REFERENCES production_batches (id),
    at timestamptz NOT NULL,
    good numeric(12, 2) NOT NULL,
    scrap numeric(12, 2) NOT NULL,
    scrap_reason text NOT NULL,
    ideal_speed numeric(10, 2),
    recorded_by text NOT NULL,
    CONSTRAINT ck_production_counts_amounts CHECK (good >= 0 AND scrap >= 0 AND good + scrap > 0)
);
CREATE INDEX ix_production_counts_line_id_at ON production_counts (line_id, at);
CREATE INDEX ix_production_counts_batch_id ON production_counts (batch_id);
"""

SENSORS = """
CREATE TABLE sensors (
    id uuid CONSTRAINT pk_sensors PRIMARY KEY,
    key integer GENERATED ALWAYS AS IDENTITY CONSTRAINT uq_sensors_key UNIQUE,
    line_id uuid NOT NULL CONSTRAINT fk_sensors_line_id_production_lines REFERENCES production_lines (id),
    sensor_code text NOT NULL CONSTRAINT uq_sensors_sensor_code UNIQUE,
    name text NOT NULL,
    sensor_type text NOT NULL,
    location text NOT NULL,
    position text NOT NULL,
    unit_of_measure text NOT NULL,
    min_value double precision,
    max_value double precision,
    target_value double precision,
    tolerance double precision,
    is_active boolean NOT NULL,
    first_reading_time timestamptz,
    last_reading_time timestamptz,
    last_reading_value double precision,
    last_breach smallint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT ck_sensors_limits CHECK (min_value <= max_value),
    CONSTRAINT ck_sensors_tolerance CHECK (tolerance > 0)
);
CREATE INDEX ix_sensors_line_id ON sensors (line_id);
"""

# Readings carry the sensor's small key instead of its 16-byte id, and no foreign key: the sensor's row is locked while
# readings are written, and a sensor that has readings cannot be deleted. A month's partition is made when it is first
# written to.
READINGS = """
CREATE TABLE readings (
    sensor_key integer NOT NULL,
    time timestamptz NOT NULL,
    value double precision NOT NULL,
    breach smallint NOT NULL,
    CONSTRAINT pk_readings PRIMARY KEY (sensor_key, time)
) PARTITION BY RANGE (time);
"""


def upgrade() -> None:
    for statements in (LINES, BATCHES, SENSORS, READINGS):
        op.execute(statements)
