"""Events that are kept, webhooks and their deliveries."""

from alembic import op

revision = "2026_11_26_events"
down_revision = "2026_11_26_alarms"

LOG = """
CREATE TABLE kept_events (
    id uuid NOT NULL,
    time timestamptz NOT NULL,
    position bigint NOT NULL,
    sequence bigint NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    needs text NOT NULL,
    site text,
    data jsonb NOT NULL,
    CONSTRAINT pk_kept_events PRIMARY KEY (id, time)
) PARTITION BY RANGE (time);
CREATE INDEX ix_kept_events_position ON kept_events (position);
CREATE INDEX ix_kept_events_subject_position ON kept_events (subject, position);
CREATE TABLE event_log_head (
    one boolean DEFAULT true CONSTRAINT pk_event_log_head PRIMARY KEY,
    position bigint NOT NULL,
    keep_days integer NOT NULL,
    CONSTRAINT ck_event_log_head_one CHECK (one),
    CONSTRAINT ck_event_log_head_keep_days CHECK (keep_days BETWEEN 1 AND 36500)
);
INSERT INTO event_log_head (position, keep_days) VALUES (0, 400);
"""
WEBHOOKS = """
CREATE TABLE webhooks (
    id uuid CONSTRAINT pk_webhooks PRIMARY KEY,
    url text NOT NULL,
    description text NOT NULL,
    types text[] NOT NULL,
    sites text[] NOT NULL,
    permissions text[] NOT NULL,
    max_in_flight smallint NOT NULL,
    is_active boolean NOT NULL,
    disabled_reason text,
    failing_since timestamptz,
    created_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT ck_webhooks_max_in_flight CHECK (max_in_flight BETWEEN 1 AND 20)
);
CREATE TABLE webhook_secrets (
    id uuid CONSTRAINT pk_webhook_secrets PRIMARY KEY,
    webhook_id uuid NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    CONSTRAINT fk_webhook_secrets_webhook_id_webhooks FOREIGN KEY (webhook_id)
        REFERENCES webhooks (id) ON DELETE CASCADE
);
CREATE INDEX ix_webhook_secrets_webhook_id ON webhook_secrets (webhook_id);
CREATE TABLE webhook_deliveries (
    id uuid CONSTRAINT pk_webhook_deliveries PRIMARY KEY,
    webhook_id uuid NOT NULL,
    event_id uuid NOT NULL,
    event_time timestamptz NOT NULL,
    position bigint NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    status text NOT NULL,
    attempts integer NOT NULL,
    due_at timestamptz NOT NULL,
    leased_until timestamptz,
    last_status smallint,
    last_answer text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT fk_webhook_deliveries_webhook_id_webhooks FOREIGN KEY (webhook_id)
        REFERENCES webhooks (id) ON DELETE CASCADE,
    CONSTRAINT ck_webhook_deliveries_status CHECK (status IN ('pending', 'delivered', 'dead', 'discarded'))
);
CREATE INDEX ix_webhook_deliveries_webhook_id ON webhook_deliveries (webhook_id);
CREATE INDEX ix_webhook_deliveries_waiting ON webhook_deliveries (webhook_id, subject, position, id)
    WHERE status = 'pending';
CREATE INDEX ix_webhook_deliveries_ended_at ON webhook_deliveries (ended_at);
"""


def upgrade() -> None:
    op.execute(LOG)
    op.execute(WEBHOOKS)
