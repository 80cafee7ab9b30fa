-- Sessions, their refresh tokens (hashes only), and the keys that sign.

CREATE TABLE sessions (
    id                      UUID PRIMARY KEY,
    member_id               UUID NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    method                  TEXT NOT NULL,
    created_ip              TEXT NOT NULL,
    created_agent           TEXT NOT NULL,
    created_at              TIMESTAMPTZ NOT NULL,
    signed_in_at            TIMESTAMPTZ NOT NULL,
    last_seen_at            TIMESTAMPTZ NOT NULL,
    expires_at              TIMESTAMPTZ NOT NULL,
    absolute_expires_at     TIMESTAMPTZ NOT NULL,
    generation              BIGINT NOT NULL CHECK (generation >= 1),
    generation_presented_at TIMESTAMPTZ,
    revoked_at              TIMESTAMPTZ,
    revoked_reason          TEXT,
    CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
);
CREATE INDEX sessions_by_member ON sessions (member_id, created_at DESC);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_revocation ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE refresh_tokens (
    hash           BYTEA PRIMARY KEY CHECK (octet_length(hash) = 32),
    session_id     UUID NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    generation     BIGINT NOT NULL CHECK (generation >= 1),
    created_at     TIMESTAMPTZ NOT NULL,
    replaced_at    TIMESTAMPTZ,
    successor_salt BYTEA CHECK (successor_salt IS NULL OR octet_length(successor_salt) = 32),
    -- One token for each step: two nodes can't both make a successor.
    UNIQUE (session_id, generation)
);

CREATE TABLE signing_keys (
    kid                TEXT PRIMARY KEY,
    sealed_private_key BYTEA NOT NULL,
    public_jwk         TEXT NOT NULL,
    created_at         TIMESTAMPTZ NOT NULL,
    activates_at       TIMESTAMPTZ NOT NULL,
    retires_at         TIMESTAMPTZ
);

CREATE TABLE service_keys (
    id           UUID PRIMARY KEY,
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL UNIQUE,
    hash         BYTEA NOT NULL CHECK (octet_length(hash) = 32),
    scopes       JSONB NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    revoked_at   TIMESTAMPTZ
);
