-- Sealed batches, payers' claims, homes that leave, and how far balances were followed.

ALTER TABLE batch ADD COLUMN sealed INTEGER CHECK (sealed IN (0, 1));  -- sent without its total; NULL until the chain was asked
UPDATE batch SET sealed = 0;
ALTER TABLE batch ADD COLUMN combined INTEGER;    -- lowest of the zones whose batches from this block are opened together

-- Invariant 24: payers' questions whether their payment got there, as the chain keeps them, about payments credited here.
-- What is over changes no more. Heights are burn heights.
CREATE TABLE claim (
    payment   INTEGER PRIMARY KEY REFERENCES payment (id),
    zone      INTEGER NOT NULL,
    sequence  INTEGER NOT NULL,
    total     INTEGER NOT NULL CHECK (total > 0), -- units of account that the credits have to reach
    opened    INTEGER NOT NULL,
    answer_by INTEGER NOT NULL,
    over      INTEGER NOT NULL CHECK (over IN (0, 1)),    -- answered, or paid back
    doubted   INTEGER NOT NULL DEFAULT 0 CHECK (doubted IN (0, 1)), -- the books do not bear it out, which was told
    shown     TEXT NOT NULL DEFAULT ''            -- the state last copied to portal.db
) STRICT;

-- Invariant 25: homes that have left, as the registry says: `last` is their last period in this slot. A label that has
-- left a slot does not come back to it.
CREATE TABLE departure (
    zone   INTEGER NOT NULL,
    slot   INTEGER NOT NULL,
    holder TEXT NOT NULL REFERENCES sealed (name),
    last   INTEGER NOT NULL,
    PRIMARY KEY (zone, slot, holder)
) STRICT;

-- Invariant 26: what is to be paid out before a period is settled, to homes that have left. Made once, and carried out if
-- two stewards approve exactly this before the settlement is planned; then `planned`.
CREATE TABLE payout (
    zone    INTEGER NOT NULL,
    settled INTEGER NOT NULL,                     -- the next period to settle
    agent   TEXT NOT NULL,                        -- who is to pay it in cash
    token   TEXT NOT NULL,                        -- the zone's
    hash    BLOB NOT NULL CHECK (length(hash) = 32),      -- of the commitments, which stewards approve
    rest    INTEGER NOT NULL CHECK (rest >= 0),   -- of the amount, what is no whole token unit: the provider's
    planned INTEGER NOT NULL DEFAULT 0 CHECK (planned IN (0, 1)),
    PRIMARY KEY (zone, settled)
) STRICT;

CREATE TABLE payout_slot (                        -- the slots of its mask
    zone    INTEGER NOT NULL,
    settled INTEGER NOT NULL,
    slot    INTEGER NOT NULL,
    holder  TEXT NOT NULL REFERENCES sealed (name),
    amount  INTEGER NOT NULL CHECK (amount > 0),  -- units of account
    PRIMARY KEY (zone, settled, slot),
    FOREIGN KEY (zone, settled) REFERENCES payout (zone, settled)
) STRICT;

-- Invariant 27: what opens balances and arrears after a settlement that was read back: what following all changes from the
-- first on comes to. `version` counts the changes up to and with it. May be deleted at any time.
CREATE TABLE followed (
    zone    INTEGER NOT NULL,
    period  INTEGER NOT NULL,
    version INTEGER NOT NULL,
    call_id INTEGER NOT NULL REFERENCES call (id),
    PRIMARY KEY (zone, period)
) STRICT;

CREATE TABLE followed_slot (
    zone    INTEGER NOT NULL,
    period  INTEGER NOT NULL,
    slot    INTEGER NOT NULL,
    balance BLOB NOT NULL CHECK (length(balance) = 32),   -- blindings; the amounts are in settled_slot
    arrears BLOB NOT NULL CHECK (length(arrears) = 32),
    PRIMARY KEY (zone, period, slot),
    FOREIGN KEY (zone, period) REFERENCES followed (zone, period)
) STRICT;
