-- Members and every way in which they prove who they are.

CREATE TABLE members (
    id                UUID PRIMARY KEY,
    user_handle       BYTEA NOT NULL UNIQUE CHECK (octet_length(user_handle) = 32),
    display_name      TEXT NOT NULL,
    language          TEXT NOT NULL,
    role              TEXT NOT NULL CHECK (role IN ('member', 'operator')),
    status            TEXT NOT NULL CHECK (status IN ('active', 'banned')),
    email             TEXT UNIQUE,
    email_verified_at TIMESTAMPTZ,
    created_at        TIMESTAMPTZ NOT NULL,
    updated_at        TIMESTAMPTZ NOT NULL,
    -- What is proven must exist.
    CHECK (email IS NOT NULL OR email_verified_at IS NULL)
);

CREATE TABLE passwords (
    member_id  UUID PRIMARY KEY REFERENCES members (id) ON DELETE CASCADE,
    hash       TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE identities (
    id           UUID PRIMARY KEY,
    member_id    UUID NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    provider     TEXT NOT NULL CHECK (provider IN ('google', 'apple')),
    issuer       TEXT NOT NULL,
    subject      TEXT NOT NULL,
    email        TEXT,
    sealed_token BYTEA,
    created_at   TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    UNIQUE (issuer, subject)
);
CREATE INDEX identities_by_member ON identities (member_id);

CREATE TABLE passkeys (
    id            UUID PRIMARY KEY,
    member_id     UUID NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    credential_id BYTEA NOT NULL UNIQUE CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
    credential    JSONB NOT NULL,
    name          TEXT NOT NULL,
    backed_up     BOOLEAN NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    last_used_at  TIMESTAMPTZ
);
CREATE INDEX passkeys_by_member ON passkeys (member_id);
