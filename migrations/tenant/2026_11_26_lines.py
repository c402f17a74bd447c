"""Lines and their time: calendars of sites, reasons, spans, withdrawn reports, heartbeats and stops."""

from alembic import op

revision = "2026_11_26_lines"
down_revision = "2026_11_20_answers"

CALENDARS = """
CREATE TABLE calendars (
    plant_name text CONSTRAINT pk_calendars PRIMARY KEY,
    document jsonb NOT NULL,
    changed_by text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT ck_calendars_plant_name CHECK (plant_name <> '')
);
"""

REASONS = """
CREATE TABLE stop_reasons (
    id uuid CONSTRAINT pk_stop_reasons PRIMARY KEY,
    parent_id uuid CONSTRAINT fk_stop_reasons_parent_id_stop_reasons REFERENCES stop_reasons (id),
    code text NOT NULL CONSTRAINT uq_stop_reasons_code UNIQUE,
    name text NOT NULL,
    is_planned boolean NOT NULL,
    category text NOT NULL,
    loss text,
    is_active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT ck_stop_reasons_category CHECK (
        category IN ('mechanical', 'electrical', 'changeover', 'no_material', 'no_operator', 'quality_issue',
                     'planned_maintenance', 'other')
    ),
    CONSTRAINT ck_stop_reasons_loss CHECK (
        loss IN ('breakdowns', 'setup_and_adjustment', 'minor_stops', 'reduced_speed', 'process_defects',
                 'startup_rejects')
    )
);
CREATE INDEX ix_stop_reasons_parent_id ON stop_reasons (parent_id);
"""

# What every company begins with: number, number above, code, name, planned, category, loss.
TREE = """
INSERT INTO stop_reasons (id, parent_id, code, name, is_planned, category, loss, is_active, created_at, updated_at)
SELECT ('01900000-0000-7000-8000-' || lpad(number::text, 12, '0'))::uuid,
       ('01900000-0000-7000-8000-' || lpad(above::text, 12, '0'))::uuid,
       code, name, planned, category, loss, true, now(), now()
FROM (VALUES
    (100, NULL::integer, 'mechanical', 'Mechanical breakdown', false, 'mechanical', 'breakdowns'),
    (110, 100, 'conveyor', 'Conveyor or transport', false, 'mechanical', 'breakdowns'),
    (120, 100, 'filler', 'Filler, depositor or slicer', false, 'mechanical', 'breakdowns'),
    (130, 100, 'packaging-machine', 'Sealer, labeller or packer', false, 'mechanical', 'breakdowns'),
    (140, 100, 'oven-or-cooling', 'Oven, kettle, chiller or freezer', false, 'mechanical', 'breakdowns'),
    (150, 100, 'jam', 'Jam or fallen product', false, 'mechanical', 'minor_stops'),
    (200, NULL, 'electrical', 'Electrical or control breakdown', false, 'electrical', 'breakdowns'),
    (210, 200, 'drive', 'Motor or drive', false, 'electrical', 'breakdowns'),
    (220, 200, 'sensor-fault', 'Sensor or light barrier', false, 'electrical', 'breakdowns'),
    (230, 200, 'control', 'Control or software', false, 'electrical', 'breakdowns'),
    (240, 200, 'utilities', 'Power, steam, air or water', false, 'electrical', 'breakdowns'),
    (300, NULL, 'changeover', 'Changeover', true, 'changeover', 'setup_and_adjustment'),
    (310, 300, 'product-change', 'Change of product', true, 'changeover', 'setup_and_adjustment'),
    (320, 300, 'format-change', 'Change of format or film', true, 'changeover', 'setup_and_adjustment'),
    (330, 300, 'allergen-cleaning', 'Cleaning between allergens', true, 'changeover', 'setup_and_adjustment'),
    (340, 300, 'adjustment', 'Adjustment', false, 'changeover', 'setup_and_adjustment'),
    (400, NULL, 'no-material', 'No material', false, 'no_material', 'minor_stops'),
    (410, 400, 'no-ingredient', 'No ingredient', false, 'no_material', 'minor_stops'),
    (420, 400, 'no-packaging', 'No packaging', false, 'no_material', 'minor_stops'),
    (430, 400, 'blocked', 'Blocked by what comes after', false, 'no_material', 'minor_stops'),
    (500, NULL, 'no-operator', 'No operator', false, 'no_operator', 'minor_stops'),
    (600, NULL, 'quality', 'Quality', false, 'quality_issue', 'minor_stops'),
    (610, 600, 'foreign-body', 'Metal detector or X-ray', false, 'quality_issue', 'minor_stops'),
    (620, 600, 'out-of-specification', 'Weight, temperature or recipe', false, 'quality_issue', 'minor_stops'),
    (630, 600, 'waiting-for-release', 'Waiting for release', false, 'quality_issue', 'minor_stops'),
    (700, NULL, 'maintenance', 'Planned maintenance', true, 'planned_maintenance', NULL),
    (800, NULL, 'cleaning', 'Planned cleaning', true, 'other', NULL),
    (810, 800, 'cleaning-in-place', 'Cleaning in place', true, 'other', NULL),
    (900, NULL, 'not-needed', 'No demand, break or meeting', true, 'other', NULL),
    (990, NULL, 'other', 'Something else', false, 'other', 'breakdowns')
) AS said (number, above, code, name, planned, category, loss);
"""

LINES = """
ALTER TABLE production_lines
    ADD COLUMN silent_after_seconds integer CONSTRAINT ck_production_lines_silence CHECK (silent_after_seconds > 0),
    ADD COLUMN micro_stop_seconds integer NOT NULL DEFAULT 300
        CONSTRAINT ck_production_lines_micro_stop CHECK (micro_stop_seconds >= 0),
    ADD COLUMN hourly_cost numeric(12, 2) CONSTRAINT ck_production_lines_hourly_cost CHECK (hourly_cost >= 0);
ALTER TABLE line_states
    ADD COLUMN packml_state text,
    ADD COLUMN mode text,
    ADD COLUMN reason_id uuid CONSTRAINT fk_line_states_reason_id_stop_reasons REFERENCES stop_reasons (id),
    ADD COLUMN mark uuid;
CREATE TABLE withdrawn_states (
    id uuid CONSTRAINT pk_withdrawn_states PRIMARY KEY,
    line_id uuid NOT NULL CONSTRAINT fk_withdrawn_states_line_id_production_lines REFERENCES production_lines (id),
    at timestamptz NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    packml_state text,
    mode text,
    reason_id uuid CONSTRAINT fk_withdrawn_states_reason_id_stop_reasons REFERENCES stop_reasons (id),
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    withdrawn_by text NOT NULL,
    withdrawn_at timestamptz NOT NULL,
    why text NOT NULL
);
CREATE INDEX ix_withdrawn_states_line_id_at ON withdrawn_states (line_id, at);
CREATE TABLE line_spans (
    id uuid CONSTRAINT pk_line_spans PRIMARY KEY,
    line_id uuid NOT NULL CONSTRAINT fk_line_spans_line_id_production_lines REFERENCES production_lines (id),
    start_time timestamptz NOT NULL,
    end_time timestamptz NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    packml_state text,
    mode text,
    reason_id uuid CONSTRAINT fk_line_spans_reason_id_stop_reasons REFERENCES stop_reasons (id),
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    withdrawn_by text,
    withdrawn_at timestamptz,
    why text,
    CONSTRAINT ck_line_spans_order CHECK (end_time > start_time),
    CONSTRAINT ck_line_spans_state CHECK (
        state IN ('idle', 'running', 'changeover', 'downtime', 'maintenance', 'not_scheduled')
    )
);
CREATE INDEX ix_line_spans_line_id_end_time ON line_spans (line_id, end_time);
CREATE TABLE line_heartbeats (
    line_id uuid NOT NULL CONSTRAINT fk_line_heartbeats_line_id_production_lines REFERENCES production_lines (id),
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    CONSTRAINT pk_line_heartbeats PRIMARY KEY (line_id, first_at),
    CONSTRAINT ck_line_heartbeats_order CHECK (last_at >= first_at)
);
CREATE INDEX ix_line_heartbeats_line_id_last_at ON line_heartbeats (line_id, last_at);
"""

DOWNTIMES = """
CREATE TABLE downtimes (
    id uuid CONSTRAINT pk_downtimes PRIMARY KEY,
    line_id uuid NOT NULL CONSTRAINT fk_downtimes_line_id_production_lines REFERENCES production_lines (id),
    batch_id uuid,
    state text NOT NULL,
    start_time timestamptz NOT NULL,
    end_time timestamptz,
    reason_id uuid CONSTRAINT fk_downtimes_reason_id_stop_reasons REFERENCES stop_reasons (id),
    reason_category text,
    reason_detail text NOT NULL,
    is_planned boolean NOT NULL,
    is_micro boolean NOT NULL,
    root_cause text NOT NULL,
    resolution text NOT NULL,
    preventive_action text NOT NULL,
    units_lost numeric(12, 2),
    hourly_cost numeric(12, 2),
    reported_by text NOT NULL,
    responded_at timestamptz,
    responded_by text,
    resolved_by text,
    withdrawn_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT ck_downtimes_state CHECK (state IN ('changeover', 'downtime', 'maintenance')),
    CONSTRAINT ck_downtimes_order CHECK (end_time > start_time),
    CONSTRAINT ck_downtimes_units_lost CHECK (units_lost >= 0)
);
CREATE INDEX ix_downtimes_line_id_start_time ON downtimes (line_id, start_time);
CREATE INDEX ix_downtimes_reason_id ON downtimes (reason_id);
"""

# The stops of lines that were recorded before: neighbours of one state and one reason are one.
FORMER = """
INSERT INTO downtimes (
    id, line_id, state, start_time, end_time, reason_detail, is_planned, is_micro, root_cause, resolution,
    preventive_action, reported_by, created_at, updated_at
)
SELECT gen_random_uuid(), line_id, state, at, until, reason, state <> 'downtime',
       state = 'downtime' AND coalesce(until - at < interval '300 seconds', false), '', '',
       '', recorded_by, now(), now()
FROM (
    SELECT line_id, state, reason, recorded_by, at, lead(at) OVER (PARTITION BY line_id ORDER BY at) AS until
    FROM (
        SELECT line_id, at, state, reason, recorded_by,
               state IS NOT DISTINCT FROM lag(state) OVER one
               AND reason IS NOT DISTINCT FROM lag(reason) OVER one AS goes_on
        FROM line_states WINDOW one AS (PARTITION BY line_id ORDER BY at)
    ) AS each WHERE NOT goes_on
) AS kept
WHERE state IN ('changeover', 'downtime', 'maintenance');
"""


def upgrade() -> None:
    for statements in (CALENDARS, REASONS, TREE, LINES, DOWNTIMES, FORMER):
        op.execute(statements)
