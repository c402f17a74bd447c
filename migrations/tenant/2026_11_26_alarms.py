"""Alarms, and what detectors remember."""

from alembic import op

revision = "2026_11_26_alarms"
down_revision = "2026_11_26_history"

WATCHES = """
CREATE TABLE watch_defaults (
    sensor_type text CONSTRAINT pk_watch_defaults PRIMARY KEY,
    rules text[],
    hysteresis double precision,
    max_rate double precision,
    stuck_seconds double precision,
    gap_seconds double precision,
    sensitivity double precision,
    priority text,
    updated_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT ck_watch_defaults_priority CHECK (priority IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT ck_watch_defaults_positive CHECK (
        hysteresis >= 0 AND max_rate > 0 AND stuck_seconds > 0 AND gap_seconds > 0 AND sensitivity > 0
    )
);
CREATE TABLE watches (
    sensor_id uuid CONSTRAINT pk_watches PRIMARY KEY
        CONSTRAINT fk_watches_sensor_id_sensors REFERENCES sensors (id) ON DELETE CASCADE,
    rules text[],
    hysteresis double precision,
    max_rate double precision,
    stuck_seconds double precision,
    gap_seconds double precision,
    sensitivity double precision,
    priority text,
    silenced_until timestamptz,
    silenced_by text NOT NULL,
    silence_reason text NOT NULL,
    updated_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT ck_watches_priority CHECK (priority IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT ck_watches_positive CHECK (
        hysteresis >= 0 AND max_rate > 0 AND stuck_seconds > 0 AND gap_seconds > 0 AND sensitivity > 0
    )
);
"""

# Each call that stores readings rewrites the states of its sensors. Half of each page is left free, and nothing but the
# key is indexed, so that the new row stays in its page and no index is touched (a HOT update).
STATES = """
CREATE TABLE watch_states (
    sensor_key integer CONSTRAINT pk_watch_states PRIMARY KEY
        CONSTRAINT fk_watch_states_sensor_key_sensors REFERENCES sensors (key) ON DELETE CASCADE,
    state bytea NOT NULL,
    last_at bigint NOT NULL,
    rhythm double precision NOT NULL,
    seen integer NOT NULL,
    gap_seconds double precision
) WITH (fillfactor = 50);
"""

ALARMS = """
CREATE TABLE alarm_floods (
    id uuid CONSTRAINT pk_alarm_floods PRIMARY KEY,
    line_id uuid NOT NULL,
    line_number text NOT NULL,
    site text NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    alarms integer NOT NULL,
    origin_id uuid NOT NULL,
    origin_sensor_code text NOT NULL,
    origin_rule text NOT NULL
);
CREATE UNIQUE INDEX uq_alarm_floods_standing ON alarm_floods (line_id) WHERE ended_at IS NULL;
CREATE INDEX ix_alarm_floods_line_id_began_at ON alarm_floods (line_id, began_at);
CREATE TABLE alarms (
    id uuid CONSTRAINT pk_alarms PRIMARY KEY,
    sensor_id uuid NOT NULL CONSTRAINT fk_alarms_sensor_id_sensors REFERENCES sensors (id),
    sensor_code text NOT NULL,
    line_id uuid NOT NULL,
    line_number text NOT NULL,
    site text NOT NULL,
    batch_id uuid,
    rule text NOT NULL,
    priority text NOT NULL,
    raised_at timestamptz NOT NULL,
    since timestamptz NOT NULL,
    latest_at timestamptz NOT NULL,
    cleared_at timestamptz,
    occurrences integer NOT NULL,
    value double precision NOT NULL,
    expected double precision,
    low double precision,
    high double precision,
    worst double precision,
    unit_of_measure text NOT NULL,
    certainty double precision NOT NULL,
    why text NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by text NOT NULL,
    acknowledgement text NOT NULL,
    silenced_until timestamptz,
    silenced_by text NOT NULL,
    silence_reason text NOT NULL,
    closed_at timestamptz,
    closed_by text NOT NULL,
    cause text NOT NULL,
    flood_id uuid CONSTRAINT fk_alarms_flood_id_alarm_floods REFERENCES alarm_floods (id),
    leads boolean NOT NULL,
    is_told boolean NOT NULL,
    noticed_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT ck_alarms_priority CHECK (priority IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT ck_alarms_certainty CHECK (certainty >= 0 AND certainty <= 1),
    CONSTRAINT ck_alarms_occurrences CHECK (occurrences > 0)
);
CREATE UNIQUE INDEX uq_alarms_open ON alarms (sensor_id, rule) WHERE closed_at IS NULL;
CREATE INDEX ix_alarms_sensor_id_cleared_at ON alarms (sensor_id, cleared_at);
CREATE INDEX ix_alarms_line_id_raised_at ON alarms (line_id, raised_at);
CREATE INDEX ix_alarms_raised_at ON alarms (raised_at);
CREATE INDEX ix_alarms_flood_id ON alarms (flood_id);
CREATE TABLE alarm_deeds (
    id uuid CONSTRAINT pk_alarm_deeds PRIMARY KEY,
    alarm_id uuid NOT NULL CONSTRAINT fk_alarm_deeds_alarm_id_alarms REFERENCES alarms (id),
    at timestamptz NOT NULL,
    by text NOT NULL,
    deed text NOT NULL,
    comment text NOT NULL
);
CREATE INDEX ix_alarm_deeds_alarm_id_at ON alarm_deeds (alarm_id, at);
"""


def upgrade() -> None:
    for statements in (WATCHES, STATES, ALARMS):
        op.execute(statements)
