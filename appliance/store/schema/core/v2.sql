-- Range proofs: S1 with the total opened. Lists are their items end to end, points of 33 bytes, scalars and hints of 32.

-- Invariant 7: made once, from when a block closes; its blocks' commitments are older only where version 1 made them.
CREATE TABLE block_proof (
    zone         INTEGER NOT NULL,
    block        INTEGER NOT NULL,
    context      BLOB NOT NULL CHECK (length(context) = 32),
    total        INTEGER NOT NULL CHECK (total >= 0),         -- Wh or litre, of the whole zone
    blinding_sum BLOB NOT NULL CHECK (length(blinding_sum) = 32),
    points       BLOB NOT NULL CHECK (length(points) % 33 = 0),
    scalars      BLOB NOT NULL CHECK (length(scalars) % 32 = 0),
    hints        BLOB NOT NULL CHECK (length(hints) % 32 = 0),
    proving_ms   INTEGER NOT NULL CHECK (proving_ms >= 0),    -- in the worker
    PRIMARY KEY (zone, block),
    FOREIGN KEY (zone, block) REFERENCES block (zone, block)
) STRICT;

-- Invariant 8: one for each context, so that a configuration put back finds its own proof, and signs the same bytes, again.
CREATE TABLE batch_proof (
    zone        INTEGER NOT NULL,
    first_block INTEGER NOT NULL,
    context     BLOB NOT NULL CHECK (length(context) = 32),   -- as the contract computes it
    points      BLOB NOT NULL CHECK (length(points) % 33 = 0),
    scalars     BLOB NOT NULL CHECK (length(scalars) % 32 = 0),
    hints       BLOB NOT NULL CHECK (length(hints) % 32 = 0),
    proving_ms  INTEGER NOT NULL CHECK (proving_ms >= 0),
    PRIMARY KEY (zone, first_block, context),
    FOREIGN KEY (zone, first_block) REFERENCES batch (zone, first_block)
) STRICT;
