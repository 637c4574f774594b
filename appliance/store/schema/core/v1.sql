-- core.db: the journal and everything derived from it. Written by the core alone. Times are UTC seconds, indexes and usage
-- integers in the unit their column names.

CREATE TABLE sealed (                             -- secrets, each encrypted with the device key
    name TEXT PRIMARY KEY,                        -- "gateway", "dwelling/A-07", "zone/1"
    box  BLOB NOT NULL
) STRICT;

CREATE TABLE meter (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,                  -- pseudonym; serial numbers are never stored here
    zone   INTEGER NOT NULL,
    slot   INTEGER NOT NULL,
    UNIQUE (zone, slot)
) STRICT;

-- The journal. Invariant 1: hash = H(prev_hash | the row), prev_hash is the hash of seq - 1 (32 zero bytes for seq 0).
-- Invariant 2: rows are never changed or deleted (triggers below).
CREATE TABLE reading (
    meter_id   INTEGER NOT NULL REFERENCES meter,
    seq        INTEGER NOT NULL CHECK (seq >= 0),
    at         INTEGER NOT NULL,                  -- when the index was read
    register   TEXT NOT NULL,                     -- OBIS code
    unit       TEXT NOT NULL CHECK (unit IN ('Wh', 'ml')),
    idx        INTEGER NOT NULL CHECK (idx >= 0), -- cumulative, in unit
    level      INTEGER NOT NULL CHECK (level BETWEEN 0 AND 5),
    counter    INTEGER,                           -- the device's own, where it has one
    frame_hash BLOB NOT NULL CHECK (length(frame_hash) = 32),
    verdict    TEXT NOT NULL CHECK (verdict IN ('accepted', 'suspect')),
    reason     TEXT NOT NULL,                     -- of a suspect reading, a word of validation.Reason
    prev_hash  BLOB NOT NULL CHECK (length(prev_hash) = 32),
    hash       BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (meter_id, seq)
) STRICT;
CREATE INDEX reading_accepted ON reading (meter_id, at) WHERE verdict = 'accepted';
CREATE TRIGGER reading_not_changed BEFORE UPDATE ON reading BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER reading_not_deleted BEFORE DELETE ON reading BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- Invariant 3: the blocks of a zone are consecutive from its first; a row is made once, when the block closes.
CREATE TABLE block (
    zone      INTEGER NOT NULL,
    block     INTEGER NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at   INTEGER NOT NULL,
    closed_at INTEGER NOT NULL,
    proven_at INTEGER,                            -- when its commitments were written
    shown     INTEGER NOT NULL DEFAULT 0 CHECK (shown IN (0, 1)),  -- copied to portal.db
    PRIMARY KEY (zone, block)
) STRICT;

-- Invariant 4: usage = index_end - index_start, 0 where either is unknown; index_start is index_end of the block before.
CREATE TABLE block_slot (
    zone         INTEGER NOT NULL,
    block        INTEGER NOT NULL,
    slot         INTEGER NOT NULL,
    index_start  INTEGER,                         -- Wh or litre; NULL until a meter has ever answered here
    index_end    INTEGER,
    usage        INTEGER NOT NULL CHECK (usage BETWEEN 0 AND 149796),
    missing      INTEGER NOT NULL CHECK (missing IN (0, 1)),
    level        INTEGER CHECK (level BETWEEN 0 AND 5),   -- of the reading at the end; NULL where there is no meter
    journal_head BLOB NOT NULL CHECK (length(journal_head) = 32),
    holder       TEXT NOT NULL REFERENCES sealed (name),  -- whose secret commits: a dwelling's, or the zone's if vacant
    commitment   BLOB CHECK (length(commitment) = 33),
    PRIMARY KEY (zone, block, slot),
    FOREIGN KEY (zone, block) REFERENCES block (zone, block)
) STRICT;

-- Invariant 5: batches tile the zone's blocks from its first block on; each block is in one batch.
CREATE TABLE batch (
    zone          INTEGER NOT NULL,
    first_block   INTEGER NOT NULL,
    last_block    INTEGER NOT NULL,
    total         INTEGER NOT NULL,               -- sum over the slots
    blinding_sum  BLOB NOT NULL CHECK (length(blinding_sum) = 32),
    evidence_root BLOB NOT NULL CHECK (length(evidence_root) = 32),
    sum_hint      BLOB CHECK (length(sum_hint) = 32),    -- NULL for the first batch of a period
    on_chain      INTEGER NOT NULL DEFAULT 0 CHECK (on_chain IN (0, 1)),  -- read back from the contract and equal
    checked       INTEGER NOT NULL DEFAULT 0,     -- bits the contract says it checked: 1 sum opening, 2 ranges
    shown         TEXT NOT NULL DEFAULT '',       -- the state last copied to portal.db
    PRIMARY KEY (zone, first_block)
) STRICT;

CREATE TABLE batch_slot (
    zone        INTEGER NOT NULL,
    first_block INTEGER NOT NULL,
    slot        INTEGER NOT NULL,
    commitment  BLOB NOT NULL CHECK (length(commitment) = 33),
    running     BLOB NOT NULL CHECK (length(running) = 33),   -- sum over the period up to and with this batch
    PRIMARY KEY (zone, first_block, slot),
    FOREIGN KEY (zone, first_block) REFERENCES batch (zone, first_block)
) STRICT;

-- Invariant 6: one submission per batch and one per nonce; all its signed versions carry that nonce, so at most one executes.
CREATE TABLE submission (
    id           INTEGER PRIMARY KEY,
    zone         INTEGER NOT NULL,
    first_block  INTEGER NOT NULL,
    address      TEXT NOT NULL,
    nonce        INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'included', 'final', 'rejected')),
    since        INTEGER NOT NULL,                -- when this state began
    next_at      INTEGER NOT NULL,                -- nothing to do before
    failures     INTEGER NOT NULL,                -- in a row, for the back-off
    reason       TEXT NOT NULL,
    txid         BLOB CHECK (length(txid) = 32),  -- the version that was included
    height       INTEGER,
    burn_height  INTEGER,
    lost_since   INTEGER,                         -- unknown to the node since then, although the nonce had passed
    UNIQUE (zone, first_block),
    UNIQUE (address, nonce),
    FOREIGN KEY (zone, first_block) REFERENCES batch (zone, first_block)
) STRICT;

CREATE TABLE signed (                             -- stored before it is sent
    submission_id INTEGER NOT NULL REFERENCES submission,
    version       INTEGER NOT NULL,               -- 0, 1, ...: the newest is the one to send
    txid          BLOB NOT NULL UNIQUE CHECK (length(txid) = 32),
    fee           INTEGER NOT NULL,               -- micro-STX
    raw           BLOB NOT NULL,
    PRIMARY KEY (submission_id, version)
) STRICT;
