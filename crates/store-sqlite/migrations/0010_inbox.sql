-- What payment providers sent. Rows stay: their names are what keeps an event from having its effect twice.

CREATE TABLE inbox_events (
    id          BLOB PRIMARY KEY,
    source      TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    kind        TEXT NOT NULL,
    occurred_at INTEGER,
    received_at INTEGER NOT NULL,
    -- Seconds, when it came later than the replay window and was taken all the same.
    late_s      INTEGER,
    body        BLOB NOT NULL,
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    state       TEXT NOT NULL,
    attempts    INTEGER NOT NULL CHECK (attempts >= 0),
    next_at     INTEGER,
    last_error  TEXT,
    updated_at  INTEGER NOT NULL,
    CHECK ((state = 'failed') = (next_at IS NOT NULL)),
    UNIQUE (source, event_id)
) STRICT;
CREATE INDEX inbox_events_due ON inbox_events (next_at) WHERE state = 'failed';
CREATE INDEX inbox_events_undone ON inbox_events (state, id DESC) WHERE state IN ('failed', 'set_aside', 'ignored');
CREATE INDEX inbox_events_by_source ON inbox_events (source, id DESC);

-- A payment at a merchant, in one form for all sources, and what it came to. The points themselves are in the ledger.
CREATE TABLE purchases (
    id          BLOB PRIMARY KEY,
    source      TEXT NOT NULL,
    external_id TEXT NOT NULL,
    amount      INTEGER NOT NULL CHECK (amount >= 0),
    currency    TEXT NOT NULL,
    merchant    TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    member_id   BLOB REFERENCES members (id) ON DELETE SET NULL,
    rule_id     BLOB,
    granted     INTEGER NOT NULL CHECK (granted >= 0),
    taken_back  INTEGER NOT NULL CHECK (taken_back >= 0 AND taken_back <= granted),
    refunded    INTEGER NOT NULL CHECK (refunded >= 0 AND refunded <= amount),
    -- Once it was somebody's it is never somebody else's, also when they are gone.
    claimed_at  INTEGER,
    created_at  INTEGER NOT NULL,
    UNIQUE (source, external_id)
) STRICT;
CREATE INDEX purchases_by_member ON purchases (member_id, id DESC) WHERE member_id IS NOT NULL;

-- By what the buyer of a purchase may be recognised: keyed hashes, kept until somebody has claimed it.
CREATE TABLE purchase_keys (
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    kind        TEXT NOT NULL,
    purchase_id BLOB NOT NULL REFERENCES purchases (id) ON DELETE CASCADE,
    PRIMARY KEY (hash, purchase_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX purchase_keys_by_purchase ON purchase_keys (purchase_id);

-- Money that went back; may come before its purchase does.
CREATE TABLE purchase_refunds (
    source      TEXT NOT NULL,
    external_id TEXT NOT NULL,
    purchase_id TEXT NOT NULL,
    amount      INTEGER NOT NULL CHECK (amount >= 0),
    currency    TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    PRIMARY KEY (source, external_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX purchase_refunds_by_purchase ON purchase_refunds (source, purchase_id);

CREATE TABLE purchase_rules (
    id                  BLOB PRIMARY KEY,
    name                TEXT NOT NULL,
    source              TEXT,
    merchant            TEXT,
    currency            TEXT NOT NULL,
    points              INTEGER NOT NULL CHECK (points > 0),
    per_amount          INTEGER NOT NULL CHECK (per_amount > 0),
    purchase_points_max INTEGER CHECK (purchase_points_max > 0),
    day_points_max      INTEGER CHECK (day_points_max > 0),
    starts_at           INTEGER,
    ends_at             INTEGER,
    created_at          INTEGER NOT NULL
) STRICT;

-- What a rule gave a member on a day, where it has a bound for that; the row is the lock of that bound.
CREATE TABLE purchase_days (
    member_id BLOB NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    rule_id   BLOB NOT NULL,
    day       INTEGER NOT NULL,
    points    INTEGER NOT NULL CHECK (points >= 0),
    PRIMARY KEY (member_id, rule_id, day)
) STRICT, WITHOUT ROWID;

-- By what purchases of a member are recognised.
CREATE TABLE customer_links (
    id         BLOB PRIMARY KEY,
    member_id  BLOB NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    source     TEXT,
    kind       TEXT NOT NULL,
    hash       BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX customer_links_by_member ON customer_links (member_id, id);

-- Keys of hashes that must stay what they are when the token-encryption key changes; sealed with it.
CREATE TABLE hash_keys (
    id         BLOB PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    sealed_key BLOB NOT NULL
) STRICT;
