-- The audit trail may grow old by a setting: what lies before a base may go, and the rest still proves itself from there.

-- `session.` finds `session.opened` and `session.ended`.
CREATE INDEX audit_events_by_area ON audit_events (substr(action, 1, instr(action, '.')), sequence DESC);

-- The newest event that was removed for its age; what is kept of the chain begins after it.
CREATE TABLE audit_base (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL,
    hash     BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO audit_base (id, sequence, hash) VALUES (1, 0, zeroblob(32));

-- Only what lies before the base may go, and the base moves only forward, to an event that is there.
DROP TRIGGER audit_events_keep;
CREATE TRIGGER audit_events_keep BEFORE DELETE ON audit_events
WHEN OLD.sequence > (SELECT sequence FROM audit_base WHERE id = 1)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
CREATE TRIGGER audit_base_forward BEFORE UPDATE ON audit_base
WHEN NEW.sequence <= OLD.sequence
    OR NOT EXISTS (SELECT 1 FROM audit_events WHERE sequence = NEW.sequence AND hash = NEW.hash)
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
CREATE TRIGGER audit_base_stays BEFORE DELETE ON audit_base
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
