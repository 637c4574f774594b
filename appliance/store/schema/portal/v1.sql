-- portal.db: what the core shows (it alone writes these), then what the portal keeps for itself. Times are UTC seconds.

-- A place that pays and signs in. No names; the code on the card is kept only as a salted scrypt hash.
CREATE TABLE dwelling (
    id        INTEGER PRIMARY KEY,
    label     TEXT NOT NULL UNIQUE,               -- printed on the card and the door, e.g. "A-07"
    salt      BLOB NOT NULL CHECK (length(salt) = 16),
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32)
) STRICT;

-- Whose pages these are, in one row: a mark of the core that writes them.
CREATE TABLE core (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    mark BLOB NOT NULL CHECK (length(mark) = 16)
) STRICT;

-- Where this is, in one row.
CREATE TABLE place (
    id                 INTEGER PRIMARY KEY CHECK (id = 1),
    name               TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL CHECK (utc_offset_minutes BETWEEN -720 AND 840)  -- whose midnight a day begins at
) STRICT;

CREATE TABLE zone (
    zone     INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    utility  TEXT NOT NULL CHECK (utility IN ('electricity', 'water')),
    unit     TEXT NOT NULL CHECK (unit IN ('Wh', 'L')),
    slots    INTEGER NOT NULL,
    contract TEXT NOT NULL                        -- the meter-data contract this zone's batches go to
) STRICT;

CREATE TABLE service (                            -- a dwelling's slot in a zone
    zone        INTEGER NOT NULL REFERENCES zone,
    slot        INTEGER NOT NULL,
    dwelling_id INTEGER NOT NULL REFERENCES dwelling,
    level       INTEGER NOT NULL CHECK (level BETWEEN 0 AND 5),  -- authenticity of the meter, facts of the driver
    PRIMARY KEY (zone, slot),
    UNIQUE (zone, dwelling_id)                    -- a zone has one utility, a dwelling one slot per utility
) STRICT;

CREATE TABLE usage_block (                        -- a slot's closed block, seen only by its dwelling
    zone        INTEGER NOT NULL,
    slot        INTEGER NOT NULL,
    block       INTEGER NOT NULL,
    starts_at   INTEGER NOT NULL,
    ends_at     INTEGER NOT NULL,
    index_start INTEGER NOT NULL,                 -- in Wh or litre, as the meter shows it
    index_end   INTEGER NOT NULL,
    usage       INTEGER NOT NULL CHECK (usage BETWEEN 0 AND 149796),
    missing     INTEGER NOT NULL CHECK (missing IN (0, 1)),   -- the meter did not answer: 0 committed, the next block carries it
    commitment  BLOB NOT NULL CHECK (length(commitment) = 33),
    PRIMARY KEY (zone, slot, block)
) STRICT;

CREATE INDEX usage_block_of_zone ON usage_block (zone, block);

CREATE TABLE batch (                              -- consecutive blocks, summed and sent in one transaction
    zone          INTEGER NOT NULL,
    first_block   INTEGER NOT NULL,
    last_block    INTEGER NOT NULL,
    total         INTEGER NOT NULL,               -- of the whole zone: public
    evidence_root BLOB NOT NULL CHECK (length(evidence_root) = 32),
    state         TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'included', 'final', 'refused')),
    txid          TEXT,                           -- 64 hex digits once signed
    height        INTEGER,                        -- Stacks block once included
    range_proved  INTEGER NOT NULL CHECK (range_proved IN (0, 1)),  -- what the contract said it checked
    PRIMARY KEY (zone, first_block)
) STRICT;

CREATE TABLE batch_commitment (                   -- what is on chain for a slot: the sum of its blocks' commitments
    zone        INTEGER NOT NULL,
    first_block INTEGER NOT NULL,
    slot        INTEGER NOT NULL,
    commitment  BLOB NOT NULL CHECK (length(commitment) = 33),
    on_chain    INTEGER NOT NULL CHECK (on_chain IN (0, 1)),  -- the core read the chain back and found exactly this
    PRIMARY KEY (zone, first_block, slot)
) STRICT;

CREATE TABLE session (                            -- portal's own: who is signed in
    token_hash  BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
    dwelling_id INTEGER NOT NULL REFERENCES dwelling,
    created_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL
) STRICT;

CREATE TABLE attempt (                            -- portal's own: failed sign-ins, so that guessing is slow
    dwelling_id INTEGER NOT NULL REFERENCES dwelling,
    client      BLOB NOT NULL CHECK (length(client) = 16),    -- salted hash of the asking address, forgotten at restart
    failures    INTEGER NOT NULL,
    last_at     INTEGER NOT NULL,
    PRIMARY KEY (dwelling_id, client)
) STRICT;

