-- Events that are told to a team's own back ends: endpoints, the secrets that sign, events, and the delivery of each to each.

CREATE TABLE webhook_endpoints (
    id              BLOB PRIMARY KEY,
    url             TEXT NOT NULL,
    description     TEXT NOT NULL,
    -- All of them when it is empty.
    event_types     TEXT NOT NULL,
    disabled_at     INTEGER,
    disabled_reason TEXT,
    failing_since   INTEGER,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
) STRICT;

CREATE TABLE webhook_endpoint_secrets (
    id            BLOB PRIMARY KEY,
    endpoint_id   BLOB NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    sealed_secret BLOB NOT NULL,
    created_at    INTEGER NOT NULL,
    -- None for the current one.
    expires_at    INTEGER
) STRICT;
CREATE INDEX webhook_endpoint_secrets_by_endpoint ON webhook_endpoint_secrets (endpoint_id);

CREATE TABLE outgoing_events (
    id          BLOB PRIMARY KEY,
    event_type  TEXT NOT NULL,
    -- It is signed, so it is kept byte for byte.
    body        TEXT NOT NULL,
    occurred_at INTEGER NOT NULL
) STRICT;
CREATE INDEX outgoing_events_by_age ON outgoing_events (occurred_at);

CREATE TABLE outgoing_deliveries (
    endpoint_id   BLOB NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    event_id      BLOB NOT NULL REFERENCES outgoing_events (id) ON DELETE CASCADE,
    state         TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'set_aside')),
    attempts      INTEGER NOT NULL CHECK (attempts >= 0),
    failures      INTEGER NOT NULL CHECK (failures >= 0),
    next_at       INTEGER NOT NULL,
    claimed_until INTEGER,
    delivered_at  INTEGER,
    last_status   INTEGER,
    last_fault    TEXT,
    PRIMARY KEY (endpoint_id, event_id)
) STRICT;
CREATE INDEX outgoing_deliveries_by_event ON outgoing_deliveries (event_id);
CREATE INDEX outgoing_deliveries_due ON outgoing_deliveries (endpoint_id, next_at) WHERE state = 'pending';

CREATE TABLE outgoing_attempts (
    endpoint_id BLOB NOT NULL,
    event_id    BLOB NOT NULL,
    number      INTEGER NOT NULL CHECK (number > 0),
    at          INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    status      INTEGER,
    fault       TEXT,
    PRIMARY KEY (endpoint_id, event_id, number),
    FOREIGN KEY (endpoint_id, event_id) REFERENCES outgoing_deliveries (endpoint_id, event_id) ON DELETE CASCADE
) STRICT;
