"""Money leaks: what losses cost that nothing measures, as people enter it."""

from alembic import op

revision = "2026_11_26_leaks"
down_revision = "2026_11_26_sensors"

LEAKS = """
CREATE TABLE money_leaks (
    id uuid CONSTRAINT pk_money_leaks PRIMARY KEY,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    line_id uuid CONSTRAINT fk_money_leaks_line_id_production_lines REFERENCES production_lines (id),
    plant_name text NOT NULL,
    batch_id uuid CONSTRAINT fk_money_leaks_batch_id_production_batches REFERENCES production_batches (id),
    category text NOT NULL,
    subcategory text NOT NULL,
    amount numeric(18, 4) NOT NULL,
    currency text NOT NULL,
    calculation_method text NOT NULL,
    quantity_lost numeric(16, 4),
    unit_cost numeric(16, 4),
    time_lost_minutes numeric(16, 4),
    hourly_cost numeric(16, 4),
    description text NOT NULL,
    root_cause text NOT NULL,
    is_avoidable boolean NOT NULL,
    action_taken text NOT NULL,
    recorded_by text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT ck_money_leaks_category CHECK (category IN ('scrap_loss', 'downtime_loss', 'speed_loss', 'yield_loss',
        'quality_loss', 'changeover_loss', 'startup_loss')),
    CONSTRAINT ck_money_leaks_calculation_method CHECK (calculation_method IN ('amount', 'quantity_times_unit_cost',
        'minutes_times_hourly_cost')),
    CONSTRAINT ck_money_leaks_order CHECK (period_start < period_end),
    CONSTRAINT ck_money_leaks_amounts CHECK (amount >= 0 AND quantity_lost >= 0 AND unit_cost >= 0
        AND time_lost_minutes >= 0 AND hourly_cost >= 0)
)
"""


def upgrade() -> None:
    op.execute(LEAKS)
    op.execute("CREATE INDEX ix_money_leaks_line_id ON money_leaks (line_id)")
    op.execute("CREATE INDEX ix_money_leaks_batch_id ON money_leaks (batch_id)")
    op.execute("CREATE INDEX ix_money_leaks_period_end ON money_leaks (period_end)")
