-- Events that are told to a team's own back ends: endpoints, the secrets that sign, events, and the delivery of each to each.

CREATE TABLE webhook_endpoints (
    id              UUID PRIMARY KEY,
    url             TEXT NOT NULL,
    description     TEXT NOT NULL,
    -- All of them when it is empty.
    event_types     JSONB NOT NULL,
    disabled_at     TIMESTAMPTZ,
    disabled_reason TEXT,
    failing_since   TIMESTAMPTZ,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
);

CREATE TABLE webhook_endpoint_secrets (
    id            UUID PRIMARY KEY,
    endpoint_id   UUID NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    sealed_secret BYTEA NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    -- None for the current one.
    expires_at    TIMESTAMPTZ
);
CREATE INDEX webhook_endpoint_secrets_by_endpoint ON webhook_endpoint_secrets (endpoint_id);

CREATE TABLE outgoing_events (
    id          UUID PRIMARY KEY,
    event_type  TEXT NOT NULL,
    -- It is signed, so it is kept byte for byte.
    body        TEXT NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX outgoing_events_by_age ON outgoing_events (occurred_at);

CREATE TABLE outgoing_deliveries (
    endpoint_id   UUID NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    event_id      UUID NOT NULL REFERENCES outgoing_events (id) ON DELETE CASCADE,
    state         TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'set_aside')),
    attempts      BIGINT NOT NULL CHECK (attempts >= 0),
    failures      BIGINT NOT NULL CHECK (failures >= 0),
    next_at       TIMESTAMPTZ NOT NULL,
    claimed_until TIMESTAMPTZ,
    delivered_at  TIMESTAMPTZ,
    last_status   INTEGER,
    last_fault    TEXT,
    PRIMARY KEY (endpoint_id, event_id)
);
CREATE INDEX outgoing_deliveries_by_event ON outgoing_deliveries (event_id);
CREATE INDEX outgoing_deliveries_due ON outgoing_deliveries (endpoint_id, next_at) WHERE state = 'pending';

CREATE TABLE outgoing_attempts (
    endpoint_id UUID NOT NULL,
    event_id    UUID NOT NULL,
    number      BIGINT NOT NULL CHECK (number > 0),
    at          TIMESTAMPTZ NOT NULL,
    duration_ms BIGINT NOT NULL,
    status      INTEGER,
    fault       TEXT,
    PRIMARY KEY (endpoint_id, event_id, number),
    FOREIGN KEY (endpoint_id, event_id) REFERENCES outgoing_deliveries (endpoint_id, event_id) ON DELETE CASCADE
);
