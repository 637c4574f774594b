-- Bills with the steps that lead to them, and usage that is a part of a shared meter's.

ALTER TABLE usage_block ADD COLUMN shared INTEGER NOT NULL DEFAULT 0 CHECK (shared IN (0, 1));
    -- several homes share the meter: usage is this one's part of what the indexes show

ALTER TABLE place ADD COLUMN currency TEXT NOT NULL DEFAULT '';      -- what amounts are shown in
ALTER TABLE place ADD COLUMN decimals INTEGER NOT NULL DEFAULT 0;    -- of it, that make a unit of account

CREATE TABLE bill (                               -- what a slot owes for a period, seen only by its dwelling
    zone       INTEGER NOT NULL,
    slot       INTEGER NOT NULL,
    period     INTEGER NOT NULL,
    starts_at  INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    blocks     INTEGER NOT NULL,
    usage      INTEGER NOT NULL,                  -- Wh or litre
    version    INTEGER NOT NULL,                  -- of the tariff
    amount     INTEGER NOT NULL,                  -- units of account, as all amounts here
    state      TEXT NOT NULL CHECK (state IN ('made', 'final', 'settled')),
    before     INTEGER,                           -- balance and arrears before the settlement, and after it; NULL until it
    owed       INTEGER,
    balance    INTEGER,
    arrears    INTEGER,
    dispute_by INTEGER,                           -- Bitcoin block until which the bill may be disputed
    commitment BLOB NOT NULL CHECK (length(commitment) = 33),
    PRIMARY KEY (zone, slot, period)
) STRICT;

CREATE TABLE bill_step (                          -- the amounts of a bill's steps add up to the bill's
    zone     INTEGER NOT NULL,
    slot     INTEGER NOT NULL,
    period   INTEGER NOT NULL,
    step     INTEGER NOT NULL,
    start    INTEGER,                             -- usage of the period from which the band applies; NULL for the charge
    upto     INTEGER,                             -- and to which; NULL for the last band
    quantity INTEGER NOT NULL,                    -- blocks of a charge; Wh or litre in a band
    rate     INTEGER NOT NULL,                    -- for each of them
    amount   INTEGER NOT NULL,
    PRIMARY KEY (zone, slot, period, step),
    FOREIGN KEY (zone, slot, period) REFERENCES bill (zone, slot, period)
) STRICT;
