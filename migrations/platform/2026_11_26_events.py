"""How far each company's events are taken over, and how far each broker has taken the events of all."""

from alembic import op

revision = "2026_11_26_events"
down_revision = "2026_11_20_identity"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE platform.event_carriers (
            tenant text CONSTRAINT pk_event_carriers PRIMARY KEY,
            sequence bigint NOT NULL,
            due_at timestamptz,
            CONSTRAINT fk_event_carriers_tenant_tenants FOREIGN KEY (tenant)
                REFERENCES platform.tenants (slug) ON DELETE CASCADE
        );
        CREATE TABLE platform.broker_cursors (
            broker text CONSTRAINT pk_broker_cursors PRIMARY KEY,
            sequence bigint NOT NULL
        );
    """)
