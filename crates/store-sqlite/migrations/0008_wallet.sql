-- The points ledger: double entry, so that the sum over all balances is zero. No foreign keys between its tables: they are only ever
-- written together, by one method, and `mainstay wallet verify` recomputes all of them.
-- Words are compared one by one where a row is written for each posting: for a list of more than two, SQLite builds a table of it
-- each time.

CREATE TABLE ledger_accounts (
    id        BLOB PRIMARY KEY,
    kind      TEXT NOT NULL
        CHECK (kind = 'member' OR kind = 'merchant' OR kind = 'issuance' OR kind = 'expired' OR kind = 'debt'),
    balance   INTEGER NOT NULL,
    -- Of the balance: held for somebody, and running out on a day.
    held      INTEGER NOT NULL CHECK (held >= 0),
    expiring  INTEGER NOT NULL CHECK (expiring >= 0),
    -- Number of its newest entry.
    entries   INTEGER NOT NULL CHECK (entries >= 0),
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    -- Whatever the service decided: a wallet never goes below zero, and points are never made out of nothing.
    CHECK (kind = 'issuance' OR kind = 'debt' OR balance >= held),
    CHECK ((kind <> 'issuance' AND kind <> 'debt') OR (balance <= 0 AND held = 0)),
    CHECK (expiring = 0 OR expiring <= balance),
    CHECK (closed_at IS NULL OR balance = 0)
) STRICT, WITHOUT ROWID;
INSERT INTO ledger_accounts (id, kind, balance, held, expiring, entries, opened_at) VALUES
    (unhex('00000000000000000000000000000001'), 'issuance', 0, 0, 0, 0, 0),
    (unhex('00000000000000000000000000000002'), 'expired', 0, 0, 0, 0, 0);

CREATE TABLE ledger_transfers (
    id              BLOB PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind = 'grant' OR kind = 'transfer' OR kind = 'redemption' OR kind = 'capture'
                        OR kind = 'reversal' OR kind = 'expiry' OR kind = 'forfeit' OR kind = 'claw_back' OR kind = 'debt'
                        OR kind = 'repayment'),
    debit_account   BLOB NOT NULL,
    debit_kind      TEXT NOT NULL,
    credit_account  BLOB NOT NULL,
    credit_kind     TEXT NOT NULL,
    amount          INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000),
    -- Its number in each of the two accounts (from 1, without gaps), and their balances after it.
    debit_sequence  INTEGER NOT NULL CHECK (debit_sequence > 0),
    debit_balance   INTEGER NOT NULL,
    credit_sequence INTEGER NOT NULL CHECK (credit_sequence > 0),
    credit_balance  INTEGER NOT NULL,
    reason          TEXT NOT NULL,
    actor           TEXT NOT NULL,
    cause           TEXT NOT NULL,
    reverses        BLOB,
    -- Points with a day that it took and gave: [[day, points], …].
    taken           TEXT,
    given           TEXT,
    created_at      INTEGER NOT NULL,
    UNIQUE (debit_account, debit_sequence),
    UNIQUE (credit_account, credit_sequence),
    CHECK (debit_account <> credit_account),
    CHECK ((kind = 'reversal') = (reverses IS NOT NULL))
) STRICT, WITHOUT ROWID;
-- A transfer is undone once.
CREATE UNIQUE INDEX ledger_transfers_reverses ON ledger_transfers (reverses) WHERE reverses IS NOT NULL;

-- What a transfer did to each of its two accounts: the lines of a statement.
CREATE VIEW ledger_entries AS
    SELECT debit_account AS account_id, debit_sequence AS sequence, -amount AS entry_amount, debit_balance AS balance, t.*
    FROM ledger_transfers AS t
    UNION ALL
    SELECT credit_account, credit_sequence, amount, credit_balance, t.* FROM ledger_transfers AS t;

CREATE TABLE ledger_holds (
    id           BLOB PRIMARY KEY,
    from_account BLOB NOT NULL,
    from_kind    TEXT NOT NULL,
    to_account   BLOB NOT NULL,
    to_kind      TEXT NOT NULL,
    amount       INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 1000000000000),
    state        TEXT NOT NULL CHECK (state IN ('held', 'captured', 'released', 'expired')),
    expires_at   INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    actor        TEXT NOT NULL,
    cause        TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    settled_at   INTEGER,
    CHECK ((state = 'held') = (settled_at IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_holds_by_account ON ledger_holds (from_account, id);
CREATE INDEX ledger_holds_due ON ledger_holds (expires_at, id) WHERE state = 'held';

-- Points of a wallet that run out at the end of a day.
CREATE TABLE ledger_lots (
    account_id BLOB NOT NULL,
    day        INTEGER NOT NULL,
    points     INTEGER NOT NULL CHECK (points > 0),
    PRIMARY KEY (account_id, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_lots_by_day ON ledger_lots (day, account_id);

-- What a key stood for and what came of it, so that the same request is answered alike and happens once.
CREATE TABLE ledger_keys (
    -- Rows have numbers of SQLite's own, in the order of their use: a new one joins the last page, and what lies in no order is only
    -- the short key.
    key         BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 16),
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    -- What was done, and to which transfer or hold; or why nothing was.
    done        TEXT CHECK (done = 'transferred' OR done = 'held' OR done = 'released'),
    done_id     BLOB,
    refusal     TEXT,
    has         INTEGER NOT NULL,
    needs       INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    CHECK ((done IS NULL) <> (refusal IS NULL)),
    CHECK ((done IS NULL) = (done_id IS NULL))
) STRICT;
CREATE INDEX ledger_keys_by_age ON ledger_keys (created_at);

-- Closed days, each chained to the one before.
CREATE TABLE ledger_closings (
    day       INTEGER PRIMARY KEY,
    transfers INTEGER NOT NULL CHECK (transfers >= 0),
    points    INTEGER NOT NULL CHECK (points >= 0),
    digest    BLOB NOT NULL CHECK (length(digest) = 32),
    previous  BLOB NOT NULL CHECK (length(previous) = 32),
    hash      BLOB NOT NULL CHECK (length(hash) = 32),
    closed_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER ledger_transfers_never_change BEFORE UPDATE ON ledger_transfers
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER ledger_transfers_stay BEFORE DELETE ON ledger_transfers
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER ledger_accounts_stay BEFORE DELETE ON ledger_accounts
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER ledger_holds_end_once BEFORE UPDATE ON ledger_holds
WHEN old.state <> 'held' OR new.id <> old.id OR new.from_account <> old.from_account OR new.to_account <> old.to_account
    OR new.amount <> old.amount OR new.expires_at <> old.expires_at OR new.created_at <> old.created_at
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER ledger_holds_stay BEFORE DELETE ON ledger_holds
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER ledger_closings_never_change BEFORE UPDATE ON ledger_closings
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER ledger_closings_stay BEFORE DELETE ON ledger_closings
BEGIN
    SELECT RAISE(ABORT, 'the ledger is append-only');
END;
