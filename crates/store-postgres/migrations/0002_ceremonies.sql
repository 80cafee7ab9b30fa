-- Sign-ins under way. Each row is spent by deleting it.

CREATE TABLE ceremonies (
    id           UUID PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('sign_up', 'add_passkey', 'sign_in')),
    browser_hash BYTEA NOT NULL CHECK (octet_length(browser_hash) = 32),
    member_id    UUID REFERENCES members (id) ON DELETE CASCADE,
    state        JSONB NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX ceremonies_by_expiry ON ceremonies (expires_at);
CREATE INDEX ceremonies_by_member ON ceremonies (member_id);

CREATE TABLE oauth_flows (
    id              UUID PRIMARY KEY,
    state_hash      BYTEA NOT NULL UNIQUE CHECK (octet_length(state_hash) = 32),
    browser_hash    BYTEA NOT NULL CHECK (octet_length(browser_hash) = 32),
    provider        TEXT NOT NULL CHECK (provider IN ('google', 'apple')),
    nonce           TEXT NOT NULL,
    sealed_verifier BYTEA NOT NULL,
    return_to       TEXT NOT NULL,
    link_member_id  UUID REFERENCES members (id) ON DELETE CASCADE,
    created_at      TIMESTAMPTZ NOT NULL,
    expires_at      TIMESTAMPTZ NOT NULL
);
CREATE INDEX oauth_flows_by_expiry ON oauth_flows (expires_at);
CREATE INDEX oauth_flows_by_link_member ON oauth_flows (link_member_id);

CREATE TABLE email_flows (
    id             UUID PRIMARY KEY,
    email          TEXT NOT NULL,
    purpose        TEXT NOT NULL CHECK (purpose IN ('sign_in', 'change_address', 'password_sign_up')),
    code_hash      BYTEA NOT NULL CHECK (octet_length(code_hash) = 32),
    browser_hash   BYTEA NOT NULL CHECK (octet_length(browser_hash) = 32),
    member_id      UUID REFERENCES members (id) ON DELETE CASCADE,
    sealed_payload BYTEA,
    attempts       BIGINT NOT NULL CHECK (attempts >= 0),
    created_at     TIMESTAMPTZ NOT NULL,
    expires_at     TIMESTAMPTZ NOT NULL,
    -- Newest only: a browser never has a second code for the same thing. What other browsers ask for takes no code away.
    UNIQUE (email, purpose, browser_hash)
);
CREATE INDEX email_flows_by_expiry ON email_flows (expires_at);
CREATE INDEX email_flows_by_member ON email_flows (member_id);

CREATE TABLE spent_values (
    hash       BYTEA PRIMARY KEY CHECK (octet_length(hash) = 32),
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX spent_values_by_expiry ON spent_values (expires_at);
