-- Sessions, their refresh tokens (hashes only), and the keys that sign.

CREATE TABLE sessions (
    id                      BLOB PRIMARY KEY,
    member_id               BLOB NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    method                  TEXT NOT NULL,
    created_ip              TEXT NOT NULL,
    created_agent           TEXT NOT NULL,
    created_at              INTEGER NOT NULL,
    signed_in_at            INTEGER NOT NULL,
    last_seen_at            INTEGER NOT NULL,
    expires_at              INTEGER NOT NULL,
    absolute_expires_at     INTEGER NOT NULL,
    generation              INTEGER NOT NULL CHECK (generation >= 1),
    generation_presented_at INTEGER,
    revoked_at              INTEGER,
    revoked_reason          TEXT,
    CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
) STRICT;
CREATE INDEX sessions_by_member ON sessions (member_id, created_at DESC);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_revocation ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE refresh_tokens (
    hash           BLOB PRIMARY KEY CHECK (length(hash) = 32),
    session_id     BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    generation     INTEGER NOT NULL CHECK (generation >= 1),
    created_at     INTEGER NOT NULL,
    replaced_at    INTEGER,
    successor_salt BLOB CHECK (successor_salt IS NULL OR length(successor_salt) = 32),
    -- One token for each step: two nodes can't both make a successor.
    UNIQUE (session_id, generation)
) STRICT;

CREATE TABLE signing_keys (
    kid                TEXT PRIMARY KEY,
    sealed_private_key BLOB NOT NULL,
    public_jwk         TEXT NOT NULL,
    created_at         INTEGER NOT NULL,
    activates_at       INTEGER NOT NULL,
    retires_at         INTEGER
) STRICT;

CREATE TABLE service_keys (
    id           BLOB PRIMARY KEY,
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL UNIQUE,
    hash         BLOB NOT NULL CHECK (length(hash) = 32),
    scopes       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;
