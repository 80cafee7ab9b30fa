-- Members' notes. Ids are UUIDv7, so the index also gives the order of writing.

CREATE TABLE notes (
    id         UUID PRIMARY KEY,
    member_id  UUID NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    text       TEXT NOT NULL,
    tags       JSONB NOT NULL,
    pinned     BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX notes_by_member ON notes (member_id, id DESC);
