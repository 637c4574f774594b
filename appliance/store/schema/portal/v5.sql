-- Batches whose totals stay sealed, and what payers ask on chain about payments that came to a home.

CREATE TABLE batch_v5 AS SELECT * FROM batch;
DROP TABLE batch;
CREATE TABLE batch (                              -- consecutive blocks, summed and sent in one transaction
    zone          INTEGER NOT NULL,
    first_block   INTEGER NOT NULL,
    last_block    INTEGER NOT NULL,
    total         INTEGER NOT NULL,               -- of the whole zone: public; 0 while the core does not tell it
    evidence_root BLOB NOT NULL CHECK (length(evidence_root) = 32),
    state         TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'included', 'final', 'refused')),
    txid          TEXT,                           -- 64 hex digits once signed
    height        INTEGER,                        -- Stacks block once included
    checked       INTEGER NOT NULL DEFAULT 0 CHECK (checked BETWEEN 0 AND 3),
    -- bits: 1 the sum opens to the total, 2 every amount is in range; 0 until the core has read it there
    PRIMARY KEY (zone, first_block)
) STRICT;
INSERT INTO batch SELECT zone, first_block, last_block, total, evidence_root, state, txid, height, checked FROM batch_v5;
DROP TABLE batch_v5;

CREATE TABLE claim (
    payment   INTEGER PRIMARY KEY,                -- the chain's number
    zone      INTEGER NOT NULL,
    slot      INTEGER NOT NULL,
    state     TEXT NOT NULL CHECK (state IN ('asked', 'doubted', 'over')),
    answer_by INTEGER NOT NULL                    -- burn height
) STRICT;
