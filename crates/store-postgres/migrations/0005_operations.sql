-- The audit trail, jobs and leases.

CREATE TABLE audit_events (
    sequence      BIGINT PRIMARY KEY,
    id            UUID NOT NULL UNIQUE,
    at            TIMESTAMPTZ NOT NULL,
    action        TEXT NOT NULL,
    actor         TEXT NOT NULL,
    subject       TEXT NOT NULL,
    request_id    TEXT NOT NULL,
    -- TEXT and not JSONB: it is kept byte for byte as it was hashed.
    detail        TEXT NOT NULL,
    previous_hash BYTEA NOT NULL CHECK (octet_length(previous_hash) = 32),
    hash          BYTEA NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE INDEX audit_events_by_action ON audit_events (action, sequence DESC);
CREATE INDEX audit_events_by_actor ON audit_events (actor, sequence DESC);
CREATE INDEX audit_events_by_subject ON audit_events (subject, sequence DESC);

-- The newest link of the chain; its row lock puts writers in line.
CREATE TABLE audit_head (
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash     BYTEA NOT NULL CHECK (octet_length(hash) = 32)
);
INSERT INTO audit_head (id, sequence, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'));

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only';
END
$$;
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_events_keep BEFORE TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

CREATE TABLE jobs (
    id             UUID PRIMARY KEY,
    kind           TEXT NOT NULL,
    sealed_payload BYTEA NOT NULL,
    attempts       BIGINT NOT NULL CHECK (attempts >= 0),
    created_at     TIMESTAMPTZ NOT NULL,
    run_at         TIMESTAMPTZ NOT NULL,
    claimed_until  TIMESTAMPTZ,
    -- Set when a job failed too often and waits for a person.
    set_aside      BOOLEAN NOT NULL,
    last_error     TEXT
);
CREATE INDEX jobs_due ON jobs (run_at) WHERE NOT set_aside;

CREATE TABLE leases (
    name       TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    held_until TIMESTAMPTZ NOT NULL
);
