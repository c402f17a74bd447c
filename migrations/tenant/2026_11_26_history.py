"""Roll-ups of readings and how long readings are kept."""

from alembic import op

revision = "2026_11_26_history"
down_revision = "2026_11_26_readings"

# The hours of a day, and the minutes of an hour, are one row each: a year of a sensor is 365 rows, wherever they lie.
ROLLUPS = """
CREATE TABLE hour_rollups (
    sensor_key integer NOT NULL,
    day timestamptz NOT NULL,
    readings bigint NOT NULL,
    hours bytea NOT NULL,
    CONSTRAINT pk_hour_rollups PRIMARY KEY (sensor_key, day)
) PARTITION BY RANGE (day);
CREATE TABLE minute_rollups (
    sensor_key integer NOT NULL,
    hour timestamptz NOT NULL,
    minutes bytea NOT NULL,
    CONSTRAINT pk_minute_rollups PRIMARY KEY (sensor_key, hour)
) PARTITION BY RANGE (hour);
CREATE TABLE rollup_marks (
    sensor_key integer NOT NULL,
    hour timestamptz NOT NULL,
    CONSTRAINT pk_rollup_marks PRIMARY KEY (sensor_key, hour)
);
"""

RETENTION = """
CREATE TABLE removed_readings (
    sensor_key integer NOT NULL CONSTRAINT pk_removed_readings PRIMARY KEY,
    days datemultirange NOT NULL
);
CREATE TABLE retention (
    id smallint NOT NULL CONSTRAINT pk_retention PRIMARY KEY,
    raw_kept_days integer,
    minutes_kept_days integer,
    hours_kept_days integer,
    raw_removed_before timestamptz,
    minutes_removed_before timestamptz,
    hours_removed_before timestamptz,
    updated_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT ck_retention_one_row CHECK (id = 1),
    CONSTRAINT ck_retention_days CHECK (raw_kept_days > 0 AND minutes_kept_days > 0 AND hours_kept_days > 0)
);
INSERT INTO retention (id) VALUES (1); -- everything is kept until the company says otherwise
"""

# What was stored before there were roll-ups is to be rolled up. Hours that are marked are answered from readings.
BEFORE = """
INSERT INTO rollup_marks (sensor_key, hour)
SELECT DISTINCT sensor_key, hour
FROM reading_blocks, generate_series(date_trunc('hour', first, 'UTC'), last, interval '1 hour') AS hour
"""


def upgrade() -> None:
    for statements in (ROLLUPS, RETENTION, BEFORE):
        op.execute(statements)
