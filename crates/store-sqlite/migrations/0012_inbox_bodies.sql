-- What an event said need not be kept for ever: it may name a buyer. Its name, its fingerprint and what became of it stay.

ALTER TABLE inbox_events ADD COLUMN body_removed_at INTEGER
    CHECK (body_removed_at IS NULL OR (length(body) = 0 AND state IN ('done', 'ignored')));
CREATE INDEX inbox_events_settled ON inbox_events (updated_at)
    WHERE body_removed_at IS NULL AND state IN ('done', 'ignored');
