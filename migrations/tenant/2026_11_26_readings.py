"""Readings in blocks: what one call brought for one sensor within one day is one row, with status and server time."""

from alembic import op

revision = "2026_11_26_readings"
down_revision = "2026_11_26_batches"

# Each call writes its sensors' rows anew: with room beside them that touches no index.
SENSORS = """
ALTER TABLE sensors
    ADD COLUMN last_status bigint NOT NULL DEFAULT '0',
    ADD COLUMN last_received timestamptz,
    ADD COLUMN loose_blocks integer NOT NULL DEFAULT 0,
    ADD COLUMN loose_since timestamptz;
ALTER TABLE sensors SET (fillfactor = 50);
"""

# Packed columns are numbers, which PostgreSQL's own compression makes no smaller and only slower to read.
BLOCKS = """
CREATE TABLE reading_blocks (
    sensor_key integer NOT NULL,
    first timestamptz NOT NULL,
    last timestamptz NOT NULL,
    received timestamptz NOT NULL,
    step bigint,
    count integer NOT NULL,
    times bytea,
    values bytea NOT NULL,
    statuses bytea,
    breaches bytea,
    receipts bytea,
    late bytea,
    CONSTRAINT pk_reading_blocks PRIMARY KEY (sensor_key, first),
    CONSTRAINT ck_reading_blocks_count CHECK (count > 0),
    CONSTRAINT ck_reading_blocks_times CHECK ((step IS NULL) = (times IS NOT NULL))
) PARTITION BY RANGE (first);
ALTER TABLE reading_blocks
    ALTER COLUMN times SET STORAGE EXTERNAL,
    ALTER COLUMN values SET STORAGE EXTERNAL,
    ALTER COLUMN statuses SET STORAGE EXTERNAL,
    ALTER COLUMN breaches SET STORAGE EXTERNAL,
    ALTER COLUMN receipts SET STORAGE EXTERNAL,
    ALTER COLUMN late SET STORAGE EXTERNAL;
"""

# Month by month, so that no statement sorts more than one. Of readings from before, the server time is not known.
FILL = """
DO $fill$
DECLARE
    month text;
    start timestamptz;
BEGIN
    FOR month IN
        SELECT right(c.relname, 7) FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass('readings') ORDER BY 1
    LOOP
        start := to_timestamp(month || ' +00', 'YYYY_MM TZH');
        EXECUTE format('CREATE TABLE reading_blocks_%s (LIKE reading_blocks INCLUDING ALL)', month);
        EXECUTE format(
            'ALTER TABLE reading_blocks ATTACH PARTITION reading_blocks_%s FOR VALUES FROM (%L) TO (%L)',
            month, start, (start AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'
        );
        EXECUTE format($insert$
            WITH placed AS (
                SELECT sensor_key, time, value, breach, date_trunc('day', time, 'UTC') AS day,
                       (row_number() OVER (PARTITION BY sensor_key, date_trunc('day', time, 'UTC') ORDER BY time) - 1)
                           / 4096 AS part
                FROM readings_%s
            ), spaced AS (
                SELECT *, time - lag(time) OVER (PARTITION BY sensor_key, day, part ORDER BY time) AS gap FROM placed
            ), block AS (
                SELECT sensor_key, min(time) AS first, max(time) AS last, count(*) AS count,
                       CASE WHEN count(*) = 1 THEN 0
                            WHEN min(gap) = max(gap) THEN (extract(epoch FROM min(gap)) * 1000000)::bigint END AS step,
                       string_agg(timestamptz_send(time), ''::bytea ORDER BY time) AS times,
                       string_agg(float8send(value), ''::bytea ORDER BY time) AS values,
                       CASE WHEN bool_or(breach <> 0)
                            THEN string_agg(substring(int2send(breach) FROM 2), ''::bytea ORDER BY time) END AS breaches
                FROM spaced GROUP BY sensor_key, day, part
            )
            INSERT INTO reading_blocks (sensor_key, first, last, received, step, count, times, values, breaches)
            SELECT sensor_key, first, last, '-infinity', step, count, CASE WHEN step IS NULL THEN times END, values,
                   breaches
            FROM block
        $insert$, month);
    END LOOP;
END $fill$;
DROP TABLE readings;
"""


def upgrade() -> None:
    for statements in (SENSORS, BLOCKS, FILL):
        op.execute(statements)
