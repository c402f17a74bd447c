"""Lines and their time: shift calendars of sites."""

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


def upgrade() -> None:
    op.execute(CALENDARS)
