-- Merchants, what members can have there for points, and what they took.

CREATE TABLE merchants (
    id         UUID PRIMARY KEY,
    name       TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('active', 'closed')),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE offers (
    id             UUID PRIMARY KEY,
    merchant_id    UUID NOT NULL REFERENCES merchants (id),
    title          TEXT NOT NULL,
    description    TEXT NOT NULL,
    points         BIGINT NOT NULL CHECK (points BETWEEN 1 AND 1000000000000),
    starts_at      TIMESTAMPTZ NOT NULL,
    ends_at        TIMESTAMPTZ CHECK (ends_at > starts_at),
    stock          BIGINT CHECK (stock >= 0),
    per_member_max BIGINT CHECK (per_member_max > 0),
    status         TEXT NOT NULL CHECK (status IN ('active', 'closed')),
    -- Redemptions, without those that are settled and were given back.
    taken          BIGINT NOT NULL CHECK (taken >= 0),
    created_at     TIMESTAMPTZ NOT NULL,
    updated_at     TIMESTAMPTZ NOT NULL,
    -- Whatever the service decided: nothing is had more often than there is of it.
    CHECK (taken <= stock)
);
CREATE INDEX offers_by_merchant ON offers (merchant_id, id);

-- What became of a redemption is what became of its hold. Like the ledger's, these rows outlive their member, of whom they have the id.
CREATE TABLE redemptions (
    -- Also the id of its hold.
    id          UUID PRIMARY KEY,
    offer_id    UUID NOT NULL REFERENCES offers (id),
    merchant_id UUID NOT NULL,
    member_id   UUID NOT NULL,
    code_hash   BYTEA NOT NULL UNIQUE CHECK (octet_length(code_hash) = 32),
    sealed_code BYTEA NOT NULL,
    -- Whether its end is counted in its offer's `taken`.
    settled     BOOLEAN NOT NULL
);
CREATE INDEX redemptions_by_member ON redemptions (member_id, id);
CREATE INDEX redemptions_by_offer ON redemptions (offer_id, member_id);
CREATE INDEX redemptions_by_merchant ON redemptions (merchant_id, id);
CREATE INDEX redemptions_unsettled ON redemptions (offer_id) WHERE NOT settled;

-- A key of a merchant's till.
ALTER TABLE service_keys ADD COLUMN merchant_id UUID REFERENCES merchants (id);
