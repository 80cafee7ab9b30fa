-- Members and every way in which they prove who they are.

CREATE TABLE members (
    id                BLOB PRIMARY KEY,
    user_handle       BLOB NOT NULL UNIQUE CHECK (length(user_handle) = 32),
    display_name      TEXT NOT NULL,
    language          TEXT NOT NULL,
    role              TEXT NOT NULL CHECK (role IN ('member', 'operator')),
    status            TEXT NOT NULL CHECK (status IN ('active', 'banned')),
    email             TEXT UNIQUE,
    email_verified_at INTEGER,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    -- What is proven must exist.
    CHECK (email IS NOT NULL OR email_verified_at IS NULL)
) STRICT;

CREATE TABLE passwords (
    member_id  BLOB PRIMARY KEY REFERENCES members (id) ON DELETE CASCADE,
    hash       TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE identities (
    id           BLOB PRIMARY KEY,
    member_id    BLOB NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    provider     TEXT NOT NULL CHECK (provider IN ('google', 'apple')),
    issuer       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    email        TEXT,
    sealed_token BLOB,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    UNIQUE (issuer, subject)
) STRICT;
CREATE INDEX identities_by_member ON identities (member_id);

CREATE TABLE passkeys (
    id            BLOB PRIMARY KEY,
    member_id     BLOB NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    credential_id BLOB NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
    credential    TEXT NOT NULL,
    name          TEXT NOT NULL,
    backed_up     INTEGER NOT NULL CHECK (backed_up IN (0, 1)),
    created_at    INTEGER NOT NULL,
    last_used_at  INTEGER
) STRICT;
CREATE INDEX passkeys_by_member ON passkeys (member_id);
