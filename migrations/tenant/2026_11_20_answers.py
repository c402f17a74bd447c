"""Answers that are kept for calls that come twice, and the versions of lines, batches and sensors."""

from alembic import op

revision = "2026_11_20_answers"
down_revision = "2026_11_20_plant"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE answers (
            call bytea CONSTRAINT pk_answers PRIMARY KEY,
            fingerprint bytea NOT NULL,
            status smallint NOT NULL,
            headers json NOT NULL,
            sealed_body bytea NOT NULL,
            created_at timestamptz NOT NULL
        );
        CREATE INDEX ix_answers_created_at ON answers (created_at);
        ALTER TABLE production_lines ADD COLUMN version integer NOT NULL DEFAULT 1;
        ALTER TABLE production_batches ADD COLUMN version integer NOT NULL DEFAULT 1;
        ALTER TABLE sensors ADD COLUMN version integer NOT NULL DEFAULT 1;
    """)
