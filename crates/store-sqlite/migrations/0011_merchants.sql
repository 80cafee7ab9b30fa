-- Merchants, what members can have there for points, and what they took.

CREATE TABLE merchants (
    id         BLOB PRIMARY KEY,
    name       TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('active', 'closed')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE offers (
    id             BLOB PRIMARY KEY,
    merchant_id    BLOB NOT NULL REFERENCES merchants (id),
    title          TEXT NOT NULL,
    description    TEXT NOT NULL,
    points         INTEGER NOT NULL CHECK (points BETWEEN 1 AND 1000000000000),
    starts_at      INTEGER NOT NULL,
    ends_at        INTEGER CHECK (ends_at > starts_at),
    stock          INTEGER CHECK (stock >= 0),
    per_member_max INTEGER CHECK (per_member_max > 0),
    status         TEXT NOT NULL CHECK (status IN ('active', 'closed')),
    -- Redemptions, without those that are settled and were given back.
    taken          INTEGER NOT NULL CHECK (taken >= 0),
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    -- Whatever the service decided: nothing is had more often than there is of it.
    CHECK (taken <= stock)
) STRICT, WITHOUT ROWID;
CREATE INDEX offers_by_merchant ON offers (merchant_id, id);

-- What became of a redemption is what became of its hold. Like the ledger's, these rows outlive their member, of whom they have the id.
CREATE TABLE redemptions (
    -- Also the id of its hold.
    id          BLOB PRIMARY KEY,
    offer_id    BLOB NOT NULL REFERENCES offers (id),
    merchant_id BLOB NOT NULL,
    member_id   BLOB NOT NULL,
    code_hash   BLOB NOT NULL UNIQUE CHECK (length(code_hash) = 32),
    sealed_code BLOB NOT NULL,
    -- Whether its end is counted in its offer's `taken`.
    settled     INTEGER NOT NULL CHECK (settled IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX redemptions_by_member ON redemptions (member_id, id);
CREATE INDEX redemptions_by_offer ON redemptions (offer_id, member_id);
CREATE INDEX redemptions_by_merchant ON redemptions (merchant_id, id);
CREATE INDEX redemptions_unsettled ON redemptions (offer_id) WHERE NOT settled;

-- A key of a merchant's till.
ALTER TABLE service_keys ADD COLUMN merchant_id BLOB REFERENCES merchants (id);
