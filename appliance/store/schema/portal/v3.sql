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
    clear      BLOB CHECK (length(clear) = 32),   -- what opens the arrears on chain to nothing; NULL where some are left
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

CREATE TABLE proposal (                           -- what residents may choose on; fields as its kind of action takes them
    id          INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('tariff', 'parameter', 'role', 'token', 'contract', 'pause-off')),
    name        TEXT,
    number      INTEGER,
    who         TEXT,
    holds       INTEGER CHECK (holds IN (0, 1)),
    utility     TEXT CHECK (utility IN ('electricity', 'water')),
    from_period INTEGER,
    charge      INTEGER,                          -- units of account for a block
    until       INTEGER NOT NULL,                 -- Bitcoin block before which choices are taken
    ready       INTEGER,                          -- and from which it may be done; NULL while there is no result
    voted       INTEGER NOT NULL,                 -- how many dwellings, of
    voters      INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('open', 'closed', 'passed', 'refused', 'done', 'lapsed'))
) STRICT;

CREATE TABLE proposal_band (
    proposal INTEGER NOT NULL REFERENCES proposal,
    start    INTEGER NOT NULL,                    -- usage per block from which it applies, in Wh or litre
    rate     INTEGER NOT NULL,                    -- units of account for each above
    PRIMARY KEY (proposal, start)
) STRICT;

CREATE TABLE choice (                             -- a dwelling's newest request for a proposal; the core answers it
    number      INTEGER PRIMARY KEY,
    dwelling_id INTEGER NOT NULL REFERENCES dwelling (id),
    proposal    INTEGER NOT NULL REFERENCES proposal,
    choice      TEXT CHECK (choice IN ('yes', 'no')),         -- forgotten with the answer
    answer      TEXT NOT NULL DEFAULT 'waiting' CHECK (answer IN ('waiting', 'taken', 'late', 'no_vote')),
    UNIQUE (dwelling_id, proposal)
) STRICT;

CREATE TABLE dispute (                            -- about a bill, seen only by its dwelling
    zone      INTEGER NOT NULL,
    slot      INTEGER NOT NULL,
    period    INTEGER NOT NULL,
    state     TEXT NOT NULL CHECK (state IN
              ('answer', 'draw', 'panel', 'assembly', 'for', 'against', 'closed-for', 'closed-against')),
    height    INTEGER,                            -- Bitcoin block that is waited for
    claimed   INTEGER,                            -- what the bill should be; NULL while this box cannot read it
    corrected INTEGER,                            -- the period whose settlement takes the difference off
    PRIMARY KEY (zone, slot, period)
) STRICT;
