"""Batches, what was counted of them, and trials."""

from alembic import op

revision = "2026_11_26_batches"
down_revision = "2026_11_26_lines"

BATCHES = """
ALTER TABLE production_batches DROP CONSTRAINT ck_production_batches_status;
ALTER TABLE production_batches DROP CONSTRAINT ck_production_batches_quantities;
ALTER TABLE production_batches
    ADD COLUMN rework_quantity numeric(12, 2) NOT NULL DEFAULT 0,
    ADD COLUMN unit text NOT NULL DEFAULT '',
    ADD COLUMN held_since timestamptz,
    ADD COLUMN unit_cost numeric(16, 4),
    ADD COLUMN currency text,
    ADD COLUMN nominal_weight numeric(12, 4),
    ADD COLUMN filled_weight numeric(16, 4),
    ADD COLUMN weight_unit text NOT NULL DEFAULT '',
    ADD COLUMN average_speed double precision,
    ADD COLUMN planned_downtime_minutes double precision,
    ADD COLUMN unplanned_downtime_minutes double precision,
    ADD COLUMN labor_cost numeric(18, 4),
    ADD COLUMN material_cost numeric(18, 4),
    ADD COLUMN scrap_cost numeric(18, 4),
    ADD CONSTRAINT ck_production_batches_status CHECK (
        status IN ('planned', 'in_progress', 'on_hold', 'completed', 'cancelled')
    ),
    ADD CONSTRAINT ck_production_batches_quantities CHECK (
        good_quantity >= 0 AND scrap_quantity >= 0 AND rework_quantity >= 0
    ),
    ADD CONSTRAINT ck_production_batches_amounts CHECK (unit_cost >= 0 AND nominal_weight > 0 AND filled_weight >= 0);
CREATE TABLE batch_moves (
    batch_id uuid NOT NULL CONSTRAINT fk_batch_moves_batch_id_production_batches REFERENCES production_batches (id),
    number integer NOT NULL,
    from_status text NOT NULL,
    to_status text NOT NULL,
    at timestamptz NOT NULL,
    line_released boolean NOT NULL,
    reason text NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT pk_batch_moves PRIMARY KEY (batch_id, number)
);
CREATE TABLE batch_runs (
    batch_id uuid NOT NULL CONSTRAINT fk_batch_runs_batch_id_production_batches REFERENCES production_batches (id),
    start_time timestamptz NOT NULL,
    line_id uuid NOT NULL CONSTRAINT fk_batch_runs_line_id_production_lines REFERENCES production_lines (id),
    end_time timestamptz,
    CONSTRAINT pk_batch_runs PRIMARY KEY (batch_id, start_time),
    CONSTRAINT ck_batch_runs_order CHECK (end_time > start_time)
);
CREATE INDEX ix_batch_runs_line_id_start_time ON batch_runs (line_id, start_time);
CREATE UNIQUE INDEX uq_batch_runs_open ON batch_runs (line_id) WHERE end_time IS NULL;
INSERT INTO batch_runs (batch_id, line_id, start_time, end_time)
    SELECT id, line_id, actual_start_time, actual_end_time
    FROM production_batches WHERE actual_start_time IS NOT NULL;
INSERT INTO batch_moves (batch_id, number, from_status, to_status, at, line_released, reason, recorded_by, recorded_at)
    SELECT id, 1, 'planned', 'in_progress', actual_start_time, false, '', 'system:migration', now()
    FROM production_batches WHERE actual_start_time IS NOT NULL
    UNION ALL
    SELECT id, 2, 'in_progress', 'completed', actual_end_time, true, '', 'system:migration', now()
    FROM production_batches WHERE actual_end_time IS NOT NULL;
"""

COUNTS = """
ALTER TABLE production_counts DROP CONSTRAINT ck_production_counts_amounts;
ALTER TABLE production_counts
    ADD COLUMN rework numeric(12, 2) NOT NULL DEFAULT 0,
    ADD COLUMN unit text NOT NULL DEFAULT '',
    ADD COLUMN source_id text,
    ADD COLUMN reverses_id uuid CONSTRAINT fk_production_counts_reverses_id_production_counts
        REFERENCES production_counts (id),
    ADD COLUMN note text NOT NULL DEFAULT '',
    ADD COLUMN scrap_type text NOT NULL DEFAULT '',
    ADD COLUMN severity text,
    ADD COLUMN root_cause text NOT NULL DEFAULT '',
    ADD COLUMN corrective_action text NOT NULL DEFAULT '',
    ADD COLUMN estimated_cost numeric(16, 4),
    ADD COLUMN scrap_unit_cost numeric(16, 4),
    ADD COLUMN currency text,
    ADD COLUMN detected_by text NOT NULL DEFAULT '',
    ADD COLUMN operator_name text NOT NULL DEFAULT '',
    ADD COLUMN image_url text NOT NULL DEFAULT '',
    ADD CONSTRAINT uq_production_counts_reverses_id UNIQUE (reverses_id),
    ADD CONSTRAINT ck_production_counts_amounts CHECK (
        (reverses_id IS NULL AND good >= 0 AND scrap >= 0 AND rework >= 0 AND good + scrap + rework > 0)
        OR (reverses_id IS NOT NULL AND good <= 0 AND scrap <= 0 AND rework <= 0 AND good + scrap + rework < 0)
    ),
    ADD CONSTRAINT ck_production_counts_severity CHECK (severity IN ('low', 'medium', 'high', 'critical'));
CREATE UNIQUE INDEX uq_production_counts_source ON production_counts (line_id, source_id)
    WHERE source_id IS NOT NULL;
CREATE TABLE line_counters (
    line_id uuid NOT NULL CONSTRAINT fk_line_counters_line_id_production_lines REFERENCES production_lines (id),
    counter text NOT NULL,
    at timestamptz NOT NULL,
    total_good numeric(12, 2) NOT NULL,
    total_scrap numeric(12, 2) NOT NULL,
    total_rework numeric(12, 2) NOT NULL,
    count_id uuid,
    CONSTRAINT pk_line_counters PRIMARY KEY (line_id, counter)
);
CREATE TABLE scrap_reasons (
    id uuid CONSTRAINT pk_scrap_reasons PRIMARY KEY,
    code text NOT NULL CONSTRAINT uq_scrap_reasons_code UNIQUE,
    name text NOT NULL,
    loss text NOT NULL,
    unit_cost numeric(16, 4),
    currency text,
    is_active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT ck_scrap_reasons_loss CHECK (loss IN ('process_defects', 'startup_rejects')),
    CONSTRAINT ck_scrap_reasons_unit_cost CHECK (unit_cost >= 0)
);
"""

PARAMETERS = """
CREATE TABLE batch_parameters (
    id uuid CONSTRAINT pk_batch_parameters PRIMARY KEY,
    batch_id uuid NOT NULL CONSTRAINT fk_batch_parameters_batch_id_production_batches
        REFERENCES production_batches (id),
    code text NOT NULL,
    name text NOT NULL,
    unit text NOT NULL,
    set_point double precision,
    low double precision,
    high double precision,
    sensor_id uuid CONSTRAINT fk_batch_parameters_sensor_id_sensors REFERENCES sensors (id),
    CONSTRAINT uq_batch_parameters_batch_id_code UNIQUE (batch_id, code),
    CONSTRAINT ck_batch_parameters_limits CHECK (low <= high)
);
CREATE INDEX ix_batch_parameters_sensor_id ON batch_parameters (sensor_id);
CREATE TABLE batch_actuals (
    id uuid CONSTRAINT pk_batch_actuals PRIMARY KEY,
    parameter_id uuid NOT NULL CONSTRAINT fk_batch_actuals_parameter_id_batch_parameters
        REFERENCES batch_parameters (id),
    at timestamptz NOT NULL,
    value double precision NOT NULL,
    note text NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX ix_batch_actuals_parameter_id_at ON batch_actuals (parameter_id, at);
"""

COSTS = """
CREATE TABLE plant_settings (
    id smallint CONSTRAINT pk_plant_settings PRIMARY KEY,
    currency text NOT NULL,
    labour_rate numeric(16, 4),
    updated_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT ck_plant_settings_one CHECK (id = 1),
    CONSTRAINT ck_plant_settings_labour_rate CHECK (labour_rate >= 0)
);
CREATE TABLE batch_costs (
    id uuid CONSTRAINT pk_batch_costs PRIMARY KEY,
    batch_id uuid NOT NULL CONSTRAINT fk_batch_costs_batch_id_production_batches REFERENCES production_batches (id),
    kind text NOT NULL,
    description text NOT NULL,
    quantity numeric(16, 4),
    unit text NOT NULL,
    unit_cost numeric(16, 4),
    people numeric(8, 2),
    amount numeric(18, 4) NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT ck_batch_costs_kind CHECK (kind IN ('labour', 'material')),
    CONSTRAINT ck_batch_costs_amounts CHECK (amount >= 0 AND quantity >= 0 AND unit_cost >= 0 AND people > 0)
);
CREATE INDEX ix_batch_costs_batch_id ON batch_costs (batch_id);
"""

TRIALS = """
CREATE TABLE trials (
    id uuid CONSTRAINT pk_trials PRIMARY KEY,
    trial_number text NOT NULL CONSTRAINT uq_trials_trial_number UNIQUE,
    name text NOT NULL,
    description text NOT NULL,
    line_id uuid NOT NULL CONSTRAINT fk_trials_line_id_production_lines REFERENCES production_lines (id),
    product_code text NOT NULL,
    status text NOT NULL,
    planned_start_time timestamptz,
    planned_end_time timestamptz,
    actual_start_time timestamptz,
    actual_end_time timestamptz,
    parameters jsonb NOT NULL,
    expected_outcome text NOT NULL,
    success_criteria text NOT NULL,
    results jsonb NOT NULL,
    was_successful boolean,
    batch_ids uuid[] NOT NULL,
    observations text NOT NULL,
    learnings text NOT NULL,
    recommendations text NOT NULL,
    owner_name text NOT NULL,
    cancel_reason text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT ck_trials_status CHECK (status IN ('planned', 'in_progress', 'completed', 'cancelled')),
    CONSTRAINT ck_trials_order CHECK (actual_end_time >= actual_start_time)
);
CREATE INDEX ix_trials_line_id_actual_start_time ON trials (line_id, actual_start_time);
"""


def upgrade() -> None:
    for statements in (BATCHES, COUNTS, PARAMETERS, COSTS, TRIALS):
        op.execute(statements)
