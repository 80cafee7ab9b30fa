-- The audit trail may grow old by a setting: what lies before a base may go, and the rest still proves itself from there.

-- `session.` finds `session.opened` and `session.ended`.
CREATE INDEX audit_events_by_area ON audit_events (substr(action, 1, strpos(action, '.')), sequence DESC);

-- The newest event that was removed for its age; what is kept of the chain begins after it.
CREATE TABLE audit_base (
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash     BYTEA NOT NULL CHECK (octet_length(hash) = 32)
);
INSERT INTO audit_base (id, sequence, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'));

CREATE FUNCTION refuse_audit_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.sequence > (SELECT sequence FROM audit_base WHERE id = 1) THEN
        RAISE EXCEPTION 'the audit trail is append-only';
    END IF;
    RETURN OLD;
END
$$;
CREATE FUNCTION check_audit_base() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.sequence <= OLD.sequence
        OR NOT EXISTS (SELECT FROM audit_events WHERE sequence = NEW.sequence AND hash = NEW.hash) THEN
        RAISE EXCEPTION 'the audit trail is append-only';
    END IF;
    RETURN NEW;
END
$$;
-- Only what lies before the base may go, and the base moves only forward, to an event that is there.
DROP TRIGGER audit_events_append_only ON audit_events;
CREATE TRIGGER audit_events_append_only BEFORE UPDATE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_events_remove BEFORE DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_removal();
CREATE TRIGGER audit_base_forward BEFORE UPDATE ON audit_base
    FOR EACH ROW EXECUTE FUNCTION check_audit_base();
CREATE TRIGGER audit_base_stays BEFORE DELETE ON audit_base
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
