"""How long what a limit or a rate showed must be gone before its alarm is over."""

from alembic import op

revision = "2026_11_27_off_delay"
down_revision = "2026_11_26_live"


def upgrade() -> None:
    for table in ("watch_defaults", "watches"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN off_delay_seconds double precision")
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_off_delay CHECK (off_delay_seconds BETWEEN 0 AND 86400)"
        )
