"""The audit trail of a company: entries that are only ever added, and the head of their chain."""

from alembic import op

revision = "2026_11_20_audit"
down_revision = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE audit_entries (
            sequence bigint CONSTRAINT pk_audit_entries PRIMARY KEY,
            at timestamptz NOT NULL,
            actor text NOT NULL,
            action text NOT NULL,
            subject text NOT NULL,
            details json NOT NULL,
            hash bytea NOT NULL
        );
        CREATE INDEX ix_audit_entries_subject ON audit_entries (subject);
        CREATE TABLE audit_head (
            one boolean DEFAULT true CONSTRAINT pk_audit_head PRIMARY KEY,
            sequence bigint NOT NULL,
            hash bytea NOT NULL,
            CONSTRAINT ck_audit_head_one CHECK (one)
        );
        INSERT INTO audit_head (sequence, hash) VALUES (0, decode(repeat('00', 32), 'hex'));
        REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM CURRENT_USER;
        REVOKE DELETE, TRUNCATE ON audit_head FROM CURRENT_USER;
    """)
