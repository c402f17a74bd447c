"""Identity in full: invitations, own roles, API keys, second factors, providers, and what failed at the door."""

from alembic import op

revision = "2026_11_20_identity"
down_revision = "2026_11_20_platform"

PEOPLE = """
ALTER TABLE platform.tenants
    ADD COLUMN suspended_at timestamptz,
    ADD COLUMN settings jsonb DEFAULT '{}' NOT NULL,
    ADD COLUMN version integer DEFAULT 1 NOT NULL;
ALTER TABLE platform.users
    ALTER COLUMN password_hash DROP NOT NULL,
    ADD COLUMN kind text DEFAULT 'person' NOT NULL,
    ADD COLUMN is_operator boolean DEFAULT false NOT NULL,
    ADD COLUMN password_changed_at timestamptz,
    ADD COLUMN erased_at timestamptz,
    ADD COLUMN version integer DEFAULT 1 NOT NULL,
    ADD CONSTRAINT ck_users_kind CHECK (kind IN ('person', 'service'));
CREATE INDEX ix_users_email ON platform.users (email);
CREATE UNIQUE INDEX uq_users_email ON platform.users (email) WHERE email <> '' AND kind = 'person';
ALTER TABLE platform.memberships
    ADD COLUMN is_active boolean DEFAULT true NOT NULL,
    ADD COLUMN accepted_at timestamptz,
    ADD COLUMN sites text[],
    ADD COLUMN teams text[] DEFAULT '{}' NOT NULL,
    ADD COLUMN created_at timestamptz,
    ADD COLUMN version integer DEFAULT 1 NOT NULL;
UPDATE platform.memberships SET accepted_at = now(), created_at = now();
ALTER TABLE platform.memberships ALTER COLUMN created_at SET NOT NULL;
CREATE TABLE platform.roles (
    tenant text NOT NULL CONSTRAINT fk_roles_tenant_tenants REFERENCES platform.tenants (slug),
    name text NOT NULL,
    description text NOT NULL,
    permissions text[] NOT NULL,
    created_at timestamptz NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT pk_roles PRIMARY KEY (tenant, name)
);
"""

TOKENS = """
ALTER TABLE platform.tokens
    ALTER COLUMN tenant DROP NOT NULL,
    ADD COLUMN methods text[] DEFAULT '{}' NOT NULL,
    ADD COLUMN address text DEFAULT '' NOT NULL,
    ADD COLUMN agent text DEFAULT '' NOT NULL,
    ADD COLUMN last_used_at timestamptz,
    ADD COLUMN tries integer DEFAULT 0 NOT NULL,
    DROP CONSTRAINT ck_tokens_kind,
    ADD CONSTRAINT ck_tokens_kind CHECK (kind IN ('refresh', 'session', 'invitation', 'reset', 'challenge'));
CREATE INDEX ix_tokens_user_id ON platform.tokens (user_id);
CREATE TABLE platform.api_keys (
    id uuid CONSTRAINT pk_api_keys PRIMARY KEY,
    tenant text NOT NULL CONSTRAINT fk_api_keys_tenant_tenants REFERENCES platform.tenants (slug),
    user_id bigint NOT NULL CONSTRAINT fk_api_keys_user_id_users REFERENCES platform.users (id),
    name text NOT NULL,
    prefix text NOT NULL CONSTRAINT uq_api_keys_prefix UNIQUE,
    secret_hash bytea NOT NULL,
    permissions text[] NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX ix_api_keys_tenant ON platform.api_keys (tenant);
CREATE INDEX ix_api_keys_user_id ON platform.api_keys (user_id);
"""

# Secrets that must be read again (a second factor's, a provider's) are sealed with the installation's key.
DOORS = """
CREATE TABLE platform.second_factors (
    user_id bigint CONSTRAINT pk_second_factors PRIMARY KEY
        CONSTRAINT fk_second_factors_user_id_users REFERENCES platform.users (id),
    sealed_secret bytea NOT NULL,
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    last_step bigint DEFAULT 0 NOT NULL
);
CREATE TABLE platform.recovery_codes (
    user_id bigint NOT NULL CONSTRAINT fk_recovery_codes_user_id_users REFERENCES platform.users (id),
    code_hash bytea NOT NULL,
    used_at timestamptz,
    CONSTRAINT pk_recovery_codes PRIMARY KEY (user_id, code_hash)
);
CREATE TABLE platform.identity_providers (
    id uuid CONSTRAINT pk_identity_providers PRIMARY KEY,
    tenant text NOT NULL CONSTRAINT fk_identity_providers_tenant_tenants REFERENCES platform.tenants (slug),
    name text NOT NULL,
    issuer text NOT NULL,
    client_id text NOT NULL,
    sealed_client_secret bytea,
    is_active boolean NOT NULL,
    created_at timestamptz NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT uq_identity_providers_tenant_name UNIQUE (tenant, name)
);
CREATE TABLE platform.external_identities (
    id uuid CONSTRAINT pk_external_identities PRIMARY KEY,
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id bigint NOT NULL CONSTRAINT fk_external_identities_user_id_users REFERENCES platform.users (id),
    tenant text NOT NULL CONSTRAINT fk_external_identities_tenant_tenants REFERENCES platform.tenants (slug),
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    CONSTRAINT uq_external_identities_issuer_subject_tenant UNIQUE (issuer, subject, tenant)
);
CREATE INDEX ix_external_identities_user_id ON platform.external_identities (user_id);
CREATE TABLE platform.failures (
    subject bytea CONSTRAINT pk_failures PRIMARY KEY,
    count integer NOT NULL,
    last_at timestamptz NOT NULL,
    locked_until timestamptz
);
CREATE INDEX ix_failures_last_at ON platform.failures (last_at);
"""

# Where it happened, so that whoever is for other sites alone does not hear of it.
SITES = """
ALTER TABLE platform.outbox
    ADD COLUMN site text,
    ADD CONSTRAINT ck_outbox_site CHECK (octet_length(site) <= 1020);
CREATE OR REPLACE FUNCTION platform.tell(told jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    company text := platform.current_tenant();
    key integer;
BEGIN
    FOR key IN SELECT DISTINCT hashtext(e ->> 'subject') & 1023 AS k FROM jsonb_array_elements(told) AS e ORDER BY k
    LOOP
        PERFORM pg_advisory_xact_lock(hashtext(company), key);
    END LOOP;
    INSERT INTO platform.outbox (event_id, tenant, type, subject, needs, time, data, site)
    SELECT (e ->> 'id')::uuid, company, e ->> 'type', e ->> 'subject', e ->> 'needs', (e ->> 'time')::timestamptz,
           e -> 'data', e ->> 'site'
    FROM jsonb_array_elements(told) WITH ORDINALITY AS t (e, place) ORDER BY place;
    PERFORM pg_notify('foodflow_outbox', '');
END $$;
"""


def upgrade() -> None:
    for statements in (PEOPLE, TOKENS, DOORS, SITES):
        op.execute(statements)
