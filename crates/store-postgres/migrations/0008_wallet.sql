-- The points ledger: double entry, so that the sum over all balances is zero. No foreign keys between its tables: they are only ever
-- written together, by one method, and `mainstay wallet verify` recomputes all of them.

CREATE TABLE ledger_accounts (
    id        UUID PRIMARY KEY,
    kind      TEXT NOT NULL CHECK (kind IN ('member', 'merchant', 'issuance', 'expired', 'debt')),
    balance   BIGINT NOT NULL,
    -- Of the balance: held for somebody, and running out on a day.
    held      BIGINT NOT NULL CHECK (held >= 0),
    expiring  BIGINT NOT NULL CHECK (expiring >= 0),
    -- Number of its newest entry.
    entries   BIGINT NOT NULL CHECK (entries >= 0),
    opened_at TIMESTAMPTZ NOT NULL,
    closed_at TIMESTAMPTZ,
    -- Whatever the service decided: a wallet never goes below zero, and points are never made out of nothing.
    CHECK (kind NOT IN ('member', 'merchant', 'expired') OR balance >= held),
    CHECK (kind NOT IN ('issuance', 'debt') OR (balance <= 0 AND held = 0)),
    CHECK (expiring = 0 OR expiring <= balance),
    CHECK (closed_at IS NULL OR balance = 0)
);
INSERT INTO ledger_accounts (id, kind, balance, held, expiring, entries, opened_at) VALUES
    ('00000000-0000-0000-0000-000000000001', 'issuance', 0, 0, 0, 0, 'epoch'),
    ('00000000-0000-0000-0000-000000000002', 'expired', 0, 0, 0, 0, 'epoch');

CREATE TABLE ledger_transfers (
    id              UUID PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind IN ('grant', 'transfer', 'redemption', 'capture', 'reversal', 'expiry', 'forfeit',
                        'claw_back', 'debt', 'repayment')),
    debit_account   UUID NOT NULL,
    debit_kind      TEXT NOT NULL,
    credit_account  UUID NOT NULL,
    credit_kind     TEXT NOT NULL,
    amount          BIGINT NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000),
    -- Its number in each of the two accounts (from 1, without gaps), and their balances after it.
    debit_sequence  BIGINT NOT NULL CHECK (debit_sequence > 0),
    debit_balance   BIGINT NOT NULL,
    credit_sequence BIGINT NOT NULL CHECK (credit_sequence > 0),
    credit_balance  BIGINT NOT NULL,
    reason          TEXT NOT NULL,
    actor           TEXT NOT NULL,
    cause           TEXT NOT NULL,
    reverses        UUID,
    -- Points with a day that it took and gave: [[day, points], …].
    taken           TEXT,
    given           TEXT,
    created_at      TIMESTAMPTZ NOT NULL,
    UNIQUE (debit_account, debit_sequence),
    UNIQUE (credit_account, credit_sequence),
    CHECK (debit_account <> credit_account),
    CHECK ((kind = 'reversal') = (reverses IS NOT NULL))
);
-- A transfer is undone once.
CREATE UNIQUE INDEX ledger_transfers_reverses ON ledger_transfers (reverses) WHERE reverses IS NOT NULL;

-- What a transfer did to each of its two accounts: the lines of a statement.
CREATE VIEW ledger_entries AS
    SELECT debit_account AS account_id, debit_sequence AS sequence, -amount AS entry_amount, debit_balance AS balance, t.*
    FROM ledger_transfers AS t
    UNION ALL
    SELECT credit_account, credit_sequence, amount, credit_balance, t.* FROM ledger_transfers AS t;

CREATE TABLE ledger_holds (
    id           UUID PRIMARY KEY,
    from_account UUID NOT NULL,
    from_kind    TEXT NOT NULL,
    to_account   UUID NOT NULL,
    to_kind      TEXT NOT NULL,
    amount       BIGINT NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000),
    state        TEXT NOT NULL CHECK (state IN ('held', 'captured', 'released', 'expired')),
    expires_at   TIMESTAMPTZ NOT NULL,
    reason       TEXT NOT NULL,
    actor        TEXT NOT NULL,
    cause        TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    settled_at   TIMESTAMPTZ,
    CHECK ((state = 'held') = (settled_at IS NULL))
);
CREATE INDEX ledger_holds_by_account ON ledger_holds (from_account, id);
CREATE INDEX ledger_holds_due ON ledger_holds (expires_at, id) WHERE state = 'held';

-- Points of a wallet that run out at the end of a day.
CREATE TABLE ledger_lots (
    account_id UUID NOT NULL,
    day        INTEGER NOT NULL,
    points     BIGINT NOT NULL CHECK (points > 0),
    PRIMARY KEY (account_id, day)
);
CREATE INDEX ledger_lots_by_day ON ledger_lots (day, account_id);

-- What a key stood for and what came of it, so that the same request is answered alike and happens once.
CREATE TABLE ledger_keys (
    key         UUID PRIMARY KEY,
    fingerprint BYTEA NOT NULL CHECK (octet_length(fingerprint) = 32),
    -- What was done, and to which transfer or hold; or why nothing was.
    done        TEXT CHECK (done IN ('transferred', 'held', 'released')),
    done_id     UUID,
    refusal     TEXT,
    has         BIGINT NOT NULL,
    needs       BIGINT NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    CHECK ((done IS NULL) <> (refusal IS NULL)),
    CHECK ((done IS NULL) = (done_id IS NULL))
);
CREATE INDEX ledger_keys_by_age ON ledger_keys (created_at);

-- Closed days, each chained to the one before.
CREATE TABLE ledger_closings (
    day       INTEGER PRIMARY KEY,
    transfers BIGINT NOT NULL CHECK (transfers >= 0),
    points    BIGINT NOT NULL CHECK (points >= 0),
    digest    BYTEA NOT NULL CHECK (octet_length(digest) = 32),
    previous  BYTEA NOT NULL CHECK (octet_length(previous) = 32),
    hash      BYTEA NOT NULL CHECK (octet_length(hash) = 32),
    closed_at TIMESTAMPTZ NOT NULL
);

CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only';
END
$$;
CREATE TRIGGER ledger_transfers_never_change BEFORE UPDATE OR DELETE ON ledger_transfers
    FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER ledger_accounts_stay BEFORE DELETE ON ledger_accounts
    FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER ledger_holds_end_once BEFORE UPDATE ON ledger_holds
    FOR EACH ROW WHEN (old.state <> 'held' OR new.id <> old.id OR new.from_account <> old.from_account
        OR new.to_account <> old.to_account OR new.amount <> old.amount OR new.expires_at <> old.expires_at
        OR new.created_at <> old.created_at)
    EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER ledger_holds_stay BEFORE DELETE ON ledger_holds
    FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER ledger_closings_never_change BEFORE UPDATE OR DELETE ON ledger_closings
    FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER ledger_transfers_keep BEFORE TRUNCATE ON ledger_transfers
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER ledger_accounts_keep BEFORE TRUNCATE ON ledger_accounts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER ledger_holds_keep BEFORE TRUNCATE ON ledger_holds
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();
CREATE TRIGGER ledger_closings_keep BEFORE TRUNCATE ON ledger_closings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();
