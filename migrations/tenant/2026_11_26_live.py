"""Live sessions: activities, participants, what they answered, what that adds up to, and records of training."""

from alembic import op

revision = "2026_11_26_live"
down_revision = "2026_11_26_leaks"

SESSIONS = """
CREATE TABLE live_sessions (
    id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_live_sessions PRIMARY KEY,
    title text NOT NULL,
    description text,
    status text NOT NULL,
    purpose text NOT NULL,
    site text NOT NULL,
    line_id uuid,
    qr_code text NOT NULL CONSTRAINT uq_live_sessions_qr_code UNIQUE,
    admin_code text NOT NULL CONSTRAINT uq_live_sessions_admin_code UNIQUE,
    max_participants integer NOT NULL,
    admission text NOT NULL,
    progression text NOT NULL,
    allows_late_join boolean NOT NULL,
    filters_nicknames boolean NOT NULL,
    shows_leaderboard boolean NOT NULL,
    pass_mark integer,
    participant_count integer NOT NULL,
    sequence bigint NOT NULL,
    created_by text NOT NULL,
    started_at timestamptz,
    completed_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT ck_live_sessions_status CHECK (status IN ('draft', 'active', 'completed')),
    CONSTRAINT ck_live_sessions_purpose CHECK (purpose IN ('general', 'shift_handover', 'toolbox_talk', 'haccp_quiz',
        'training')),
    CONSTRAINT ck_live_sessions_admission CHECK (admission IN ('anyone', 'members')),
    CONSTRAINT ck_live_sessions_progression CHECK (progression IN ('hand', 'clock'))
) WITH (fillfactor = 50)
"""

TURNS = """
CREATE TABLE live_turns (
    session_id integer CONSTRAINT fk_live_turns_session_id_live_sessions
        REFERENCES live_sessions (id) ON DELETE CASCADE,
    sequence bigint,
    type text NOT NULL,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_live_turns PRIMARY KEY (session_id, sequence)
)
"""

ACTIVITIES = """
CREATE TABLE live_activities (
    id uuid CONSTRAINT pk_live_activities PRIMARY KEY,
    session_id integer NOT NULL CONSTRAINT fk_live_activities_session_id_live_sessions
        REFERENCES live_sessions (id) ON DELETE CASCADE,
    type text NOT NULL,
    title text NOT NULL,
    description text,
    config jsonb NOT NULL,
    activity_metadata jsonb NOT NULL,
    order_index integer NOT NULL,
    state text NOT NULL,
    step integer NOT NULL,
    step_opened_at timestamptz,
    is_revealed boolean NOT NULL,
    shows_results boolean NOT NULL,
    opened_at timestamptz,
    closes_at timestamptz,
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT ck_live_activities_state CHECK (state IN ('draft', 'published', 'active', 'expired', 'cancelled'))
)
"""

TALLIES = """
CREATE TABLE live_tallies (
    activity_id uuid CONSTRAINT fk_live_tallies_activity_id_live_activities
        REFERENCES live_activities (id) ON DELETE CASCADE,
    key text,
    amount bigint NOT NULL,
    CONSTRAINT pk_live_tallies PRIMARY KEY (activity_id, key)
) WITH (fillfactor = 50)
"""

# Half-filled pages: everybody who is there is touched again and again, and a change that fits beside the row it
# replaces touches no index.
PARTICIPANTS = """
CREATE TABLE live_participants (
    id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_live_participants PRIMARY KEY,
    session_id integer NOT NULL CONSTRAINT fk_live_participants_session_id_live_sessions
        REFERENCES live_sessions (id) ON DELETE CASCADE,
    nickname text NOT NULL,
    actor text NOT NULL,
    assigned_by text,
    role text NOT NULL,
    score integer NOT NULL,
    streak integer NOT NULL,
    correct integer NOT NULL,
    answered integer NOT NULL,
    activity_context jsonb,
    joined_at timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    removed_at timestamptz,
    removed_by text,
    CONSTRAINT uq_live_participants_session_id_nickname UNIQUE (session_id, nickname),
    CONSTRAINT ck_live_participants_role CHECK (role IN ('participant', 'viewer', 'facilitator'))
) WITH (fillfactor = 50)
"""

RESPONSES = """
CREATE TABLE live_responses (
    id uuid CONSTRAINT pk_live_responses PRIMARY KEY,
    session_id integer NOT NULL CONSTRAINT fk_live_responses_session_id_live_sessions
        REFERENCES live_sessions (id) ON DELETE CASCADE,
    activity_id uuid NOT NULL CONSTRAINT fk_live_responses_activity_id_live_activities
        REFERENCES live_activities (id) ON DELETE CASCADE,
    participant_id integer NOT NULL CONSTRAINT fk_live_responses_participant_id_live_participants
        REFERENCES live_participants (id) ON DELETE CASCADE,
    response_data jsonb NOT NULL,
    slot text NOT NULL,
    status text NOT NULL,
    is_counted boolean NOT NULL,
    is_listed boolean NOT NULL,
    is_correct boolean,
    points integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT ck_live_responses_status CHECK (status IN ('pending', 'approved', 'rejected'))
)
"""

# A record outlives its session: it is about the person.
TRAINING = """
CREATE TABLE training_records (
    id uuid CONSTRAINT pk_training_records PRIMARY KEY,
    actor text NOT NULL,
    person_name text NOT NULL,
    session_id integer CONSTRAINT fk_training_records_session_id_live_sessions
        REFERENCES live_sessions (id) ON DELETE SET NULL,
    title text NOT NULL,
    purpose text NOT NULL,
    site text NOT NULL,
    facilitator text NOT NULL,
    led_by text NOT NULL,
    attended_from timestamptz NOT NULL,
    attended_until timestamptz NOT NULL,
    score integer,
    correct integer,
    questions integer,
    passed boolean,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT uq_training_records_session_id_actor UNIQUE (session_id, actor),
    CONSTRAINT ck_training_records_order CHECK (attended_from <= attended_until)
)
"""

INDEXES = (
    "CREATE INDEX ix_training_records_actor_attended_from ON training_records (actor, attended_from)",
    "CREATE INDEX ix_live_sessions_created_at_id ON live_sessions (created_at, id)",
    "CREATE INDEX ix_live_activities_session_id_order_index ON live_activities (session_id, order_index)",
    "CREATE INDEX ix_live_participants_session_id_score ON live_participants (session_id, score)",
    "CREATE INDEX ix_live_participants_session_id_actor ON live_participants (session_id, actor) WHERE actor <> ''",
    (
        "CREATE UNIQUE INDEX ix_live_responses_activity_id_participant_id_slot"
        " ON live_responses (activity_id, participant_id, slot) WHERE is_counted"
    ),
    "CREATE INDEX ix_live_responses_activity_id_created_at_id ON live_responses (activity_id, created_at, id)",
    "CREATE INDEX ix_live_responses_listed ON live_responses (activity_id, created_at, id) WHERE is_listed",
    "CREATE INDEX ix_live_responses_pending ON live_responses (activity_id, created_at, id) WHERE status = 'pending'",
    "CREATE INDEX ix_live_responses_participant_id ON live_responses (participant_id)",
    "CREATE INDEX ix_live_responses_session_id ON live_responses (session_id)",
)


def upgrade() -> None:
    for statement in (SESSIONS, TURNS, ACTIVITIES, TALLIES, PARTICIPANTS, RESPONSES, TRAINING, *INDEXES):
        op.execute(statement)
