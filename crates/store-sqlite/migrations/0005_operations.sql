-- The audit trail, jobs and leases.

CREATE TABLE audit_events (
    sequence      INTEGER PRIMARY KEY,
    id            BLOB NOT NULL UNIQUE,
    at            INTEGER NOT NULL,
    action        TEXT NOT NULL,
    actor         TEXT NOT NULL,
    subject       TEXT NOT NULL,
    request_id    TEXT NOT NULL,
    detail        TEXT NOT NULL,
    previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32),
    hash          BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_events_by_action ON audit_events (action, sequence DESC);
CREATE INDEX audit_events_by_actor ON audit_events (actor, sequence DESC);
CREATE INDEX audit_events_by_subject ON audit_events (subject, sequence DESC);

-- The newest link of the chain; its row lock puts writers in line.
CREATE TABLE audit_head (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL,
    hash     BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO audit_head (id, sequence, hash) VALUES (1, 0, zeroblob(32));

CREATE TRIGGER audit_events_append_only BEFORE UPDATE ON audit_events
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
CREATE TRIGGER audit_events_keep BEFORE DELETE ON audit_events
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;

CREATE TABLE jobs (
    id             BLOB PRIMARY KEY,
    kind           TEXT NOT NULL,
    sealed_payload BLOB NOT NULL,
    attempts       INTEGER NOT NULL CHECK (attempts >= 0),
    created_at     INTEGER NOT NULL,
    run_at         INTEGER NOT NULL,
    claimed_until  INTEGER,
    -- Set when a job failed too often and waits for a person.
    set_aside      INTEGER NOT NULL CHECK (set_aside IN (0, 1)),
    last_error     TEXT
) STRICT;
CREATE INDEX jobs_due ON jobs (run_at) WHERE NOT set_aside;

CREATE TABLE leases (
    name       TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    held_until INTEGER NOT NULL
) STRICT;
