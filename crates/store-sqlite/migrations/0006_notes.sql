-- Members' notes. Ids are UUIDv7, so the index also gives the order of writing.

CREATE TABLE notes (
    id         BLOB PRIMARY KEY,
    member_id  BLOB NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    text       TEXT NOT NULL,
    tags       TEXT NOT NULL,
    pinned     INTEGER NOT NULL CHECK (pinned IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX notes_by_member ON notes (member_id, id DESC);
