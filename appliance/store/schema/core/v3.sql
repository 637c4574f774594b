-- Meters that several slots share; one submission for each call of a contract, of which a batch's is one kind; periods.

PRAGMA defer_foreign_keys = ON;                   -- rows that others refer to are taken out and put back below

CREATE TABLE meter_v2 AS SELECT * FROM meter;
DROP TABLE meter;
CREATE TABLE meter (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,                  -- pseudonym; serial numbers are never stored here
    zone   INTEGER NOT NULL,
    slot   INTEGER,                               -- where it is installed; NULL for a meter that several slots share
    UNIQUE (zone, slot)
) STRICT;
INSERT INTO meter SELECT id, name, zone, slot FROM meter_v2;
DROP TABLE meter_v2;

CREATE TABLE shared_slot (                        -- the slots that share a meter; their own, if any, are its sub-meters
    zone     INTEGER NOT NULL,
    slot     INTEGER NOT NULL,
    meter_id INTEGER NOT NULL REFERENCES meter,
    PRIMARY KEY (zone, slot)
) STRICT;

CREATE VIEW feed AS                               -- the meter from which each slot's usage comes
    SELECT zone, slot, meter_id FROM shared_slot
    UNION ALL
    SELECT zone, slot, id FROM meter WHERE slot IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM shared_slot s WHERE s.zone = meter.zone AND s.slot = meter.slot);

-- Invariant 4 where shared: the usages of all slots of the meter add up to its index_end - index_start.
ALTER TABLE block_slot ADD COLUMN shared INTEGER NOT NULL DEFAULT 0 CHECK (shared IN (0, 1));

ALTER TABLE batch ADD COLUMN period INTEGER NOT NULL DEFAULT 0 CHECK (period >= 0);  -- whose running sums it adds to

-- Invariant 11: the periods of a zone that have ended, which tile its blocks from the first on; the next one is open.
CREATE TABLE period (
    zone        INTEGER NOT NULL,
    period      INTEGER NOT NULL CHECK (period >= 0),
    first_block INTEGER NOT NULL,
    last_block  INTEGER NOT NULL,
    utility     INTEGER,                          -- whose tariff it is billed by, and
    version     INTEGER,                          -- which one: NULL until bills are made
    due         INTEGER,                          -- burn height until which bills may be disputed, once they are final
    shown       TEXT NOT NULL DEFAULT '',         -- the state last copied to portal.db
    PRIMARY KEY (zone, period),
    FOREIGN KEY (utility, version) REFERENCES tariff (utility, version)
) STRICT;

-- Invariant 12: a tariff as the chain kept it when bills were made by it; from then on the contract keeps it, too.
CREATE TABLE tariff (
    utility     INTEGER NOT NULL,                 -- the registry's number
    version     INTEGER NOT NULL,
    from_period INTEGER NOT NULL,
    charge      INTEGER NOT NULL,                 -- units of account per block and occupied slot
    PRIMARY KEY (utility, version)
) STRICT;

CREATE TABLE tariff_band (
    utility INTEGER NOT NULL,
    version INTEGER NOT NULL,
    start   INTEGER NOT NULL,                     -- usage per block from which it applies, in Wh or litre
    rate    INTEGER NOT NULL,                     -- units of account for each above
    PRIMARY KEY (utility, version, start),
    FOREIGN KEY (utility, version) REFERENCES tariff (utility, version)
) STRICT;

-- Invariant 13: made once for a period, one for each slot; amount is what the period's tariff makes of usage.
CREATE TABLE bill (
    zone       INTEGER NOT NULL,
    period     INTEGER NOT NULL,
    slot       INTEGER NOT NULL,
    holder     TEXT NOT NULL REFERENCES sealed (name),
    occupied   INTEGER NOT NULL CHECK (occupied IN (0, 1)),   -- by the registry, in this period
    began      INTEGER NOT NULL CHECK (began IN (0, 1)),      -- with this period: nothing is owed from before
    usage      INTEGER NOT NULL CHECK (usage >= 0),           -- Wh or litre, of the period
    amount     INTEGER NOT NULL CHECK (amount BETWEEN 0 AND 281474976710655),  -- units of account
    commitment BLOB NOT NULL CHECK (length(commitment) = 33),
    PRIMARY KEY (zone, period, slot),
    FOREIGN KEY (zone, period) REFERENCES period (zone, period)
) STRICT;

CREATE TABLE reference (                          -- under which a dwelling pays, each once; derived from its secret
    reference BLOB PRIMARY KEY CHECK (length(reference) = 32),
    label     TEXT NOT NULL,
    number    INTEGER NOT NULL CHECK (number >= 0),  -- of the dwelling's payments, from 0
    UNIQUE (label, number)
) STRICT;

-- Invariant 14: payments into the settlement's pots, under enough Bitcoin blocks that none is undone, as the chain shows them, by rising id.
CREATE TABLE payment (
    id        INTEGER PRIMARY KEY,                -- the contract's
    zone      INTEGER NOT NULL,
    tokens    INTEGER NOT NULL CHECK (tokens > 0),
    reference BLOB NOT NULL CHECK (length(reference) = 32),
    height    INTEGER NOT NULL,                   -- burn height
    returned  INTEGER NOT NULL CHECK (returned IN (0, 1)),    -- to its payer, or covered before it was seen
    sequence  INTEGER,                            -- of the credits that cover it; NULL while none do
    FOREIGN KEY (zone, sequence) REFERENCES credit (zone, sequence)
) STRICT;

-- Invariant 15: batches of credits by rising sequence; the slots' amounts add up to amount. Made once.
CREATE TABLE credit (
    zone     INTEGER NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    amount   INTEGER NOT NULL CHECK (amount >= 0),            -- units of account
    PRIMARY KEY (zone, sequence)
) STRICT;

CREATE TABLE credit_slot (
    zone     INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    slot     INTEGER NOT NULL,
    holder   TEXT NOT NULL REFERENCES sealed (name),
    amount   INTEGER NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (zone, sequence, slot),
    FOREIGN KEY (zone, sequence) REFERENCES credit (zone, sequence)
) STRICT;

-- Invariant 17: settlements by rising period, each planned once, after its bills; balance and arrears are those after it.
CREATE TABLE settlement (
    zone   INTEGER NOT NULL,
    period INTEGER NOT NULL,
    opened INTEGER NOT NULL CHECK (opened IN (0, 1)),         -- whether the sum of the balances is opened
    PRIMARY KEY (zone, period),
    FOREIGN KEY (zone, period) REFERENCES period (zone, period)
) STRICT;

CREATE TABLE settled_slot (
    zone    INTEGER NOT NULL,
    period  INTEGER NOT NULL,
    slot    INTEGER NOT NULL,
    before  INTEGER NOT NULL CHECK (before >= 0),             -- balance before it
    owed    INTEGER NOT NULL CHECK (owed >= 0),               -- arrears before it
    balance INTEGER NOT NULL CHECK (balance >= 0),
    arrears INTEGER NOT NULL CHECK (arrears >= 0),
    PRIMARY KEY (zone, period, slot),
    FOREIGN KEY (zone, period) REFERENCES settlement (zone, period)
) STRICT;

-- Invariant 16: what the books say happened, in double entry: the postings of an entry add up to 0. Never changed.
CREATE TABLE entry (
    reference TEXT PRIMARY KEY,                   -- "credit/3/17"
    at        INTEGER NOT NULL                    -- when it was entered
) STRICT;

CREATE TABLE posting (
    reference TEXT NOT NULL REFERENCES entry,
    zone      INTEGER NOT NULL,
    kind      TEXT NOT NULL CHECK (kind IN ('pot', 'arrears', 'balance', 'promised', 'float', 'provider')),
    of        TEXT NOT NULL,                      -- a slot, an agent, or '' for the zone
    units     INTEGER NOT NULL CHECK (units <> 0),  -- debited; credited where negative
    PRIMARY KEY (reference, zone, kind, of)
) STRICT;
CREATE INDEX posting_of ON posting (zone, kind, of);
CREATE TRIGGER entry_not_changed BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'the books are append-only'); END;
CREATE TRIGGER entry_not_deleted BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'the books are append-only'); END;
CREATE TRIGGER posting_not_changed BEFORE UPDATE ON posting BEGIN SELECT RAISE(ABORT, 'the books are append-only'); END;
CREATE TRIGGER posting_not_deleted BEFORE DELETE ON posting BEGIN SELECT RAISE(ABORT, 'the books are append-only'); END;

-- Invariant 9: the calls of a zone are signed in the order of their ids, so that none takes effect before what it needs.
CREATE TABLE call (
    id       INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL CHECK (kind <> ''),    -- "batch", or the name of the contract's function
    zone     INTEGER NOT NULL,
    number   INTEGER NOT NULL,                    -- of a batch its first block, of other kinds the period or sequence
    part     INTEGER NOT NULL CHECK (part >= 0),  -- where one step takes several calls
    on_chain INTEGER NOT NULL DEFAULT 0 CHECK (on_chain IN (0, 1)),  -- read back from the contract and equal
    UNIQUE (kind, zone, number, part)
) STRICT;
INSERT INTO call (kind, zone, number, part, on_chain)
    SELECT 'batch', zone, first_block, 0, on_chain FROM batch ORDER BY first_block, zone;
ALTER TABLE batch DROP COLUMN on_chain;

-- Invariant 10: the payload of a call that is no batch's, once for each sender, so that the same bytes are signed again.
CREATE TABLE prepared (
    call_id INTEGER NOT NULL REFERENCES call,
    sender  TEXT NOT NULL,                        -- network, deployer and address that it was made for
    payload BLOB NOT NULL,
    PRIMARY KEY (call_id, sender)
) STRICT;

-- Invariant 6, as it is now: one submission per call and one per nonce; all its signed versions carry that nonce, so at
-- most one executes.
CREATE TABLE submission_v2 AS SELECT * FROM submission;
DROP TABLE submission;
CREATE TABLE submission (
    id           INTEGER PRIMARY KEY,
    call_id      INTEGER NOT NULL UNIQUE REFERENCES call,
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
    UNIQUE (address, nonce)
) STRICT;
INSERT INTO submission
    SELECT s.id, c.id, address, nonce, state, since, next_at, failures, reason, txid, height, burn_height, lost_since
    FROM submission_v2 s JOIN call c ON c.kind = 'batch' AND c.zone = s.zone AND c.number = s.first_block;
DROP TABLE submission_v2;

CREATE VIEW batch_delivery AS                     -- how every batch's call is doing; state is NULL while it is not signed
    SELECT c.zone, c.number AS first_block, c.on_chain, s.*
    FROM call c LEFT JOIN submission s ON s.call_id = c.id WHERE c.kind = 'batch';

-- Invariant 21: disputes about bills of this gateway's zones, as the chain shows them; what is closed changes no more.
-- Heights are burn heights. A dispute that was opened with the key that the gateway has may give way to another about the
-- same bill; a bill is corrected once at most. One correction of a slot at most is named by a settlement.
CREATE TABLE dispute (
    id           INTEGER PRIMARY KEY,             -- the contract's
    zone         INTEGER NOT NULL,
    slot         INTEGER NOT NULL,
    period       INTEGER NOT NULL,
    alternative  BLOB NOT NULL CHECK (length(alternative) = 33),
    opened       INTEGER NOT NULL,
    answer_by    INTEGER NOT NULL,
    answered     INTEGER NOT NULL CHECK (answered IN (0, 1)),
    round        INTEGER NOT NULL,                -- 1 on appeal
    redrawn      INTEGER NOT NULL CHECK (redrawn IN (0, 1)),
    draw_at      INTEGER NOT NULL,
    assembly     INTEGER NOT NULL CHECK (assembly IN (0, 1)),
    rule_by      INTEGER NOT NULL,                -- 0 until there is a panel or an assembly
    for_resident INTEGER,                         -- the ruling, NULL before
    ruled_at     INTEGER,
    final        INTEGER,
    closed       INTEGER NOT NULL CHECK (closed IN (0, 1)),
    claimed      INTEGER CHECK (claimed BETWEEN 0 AND 281474976710655),  -- what the bill should be; NULL until told
    corrected    INTEGER,                         -- the period whose settlement takes the difference off
    shown        TEXT NOT NULL DEFAULT '',        -- the state last copied to portal.db
    UNIQUE (zone, slot, corrected)
) STRICT;

-- Invariant 18: proposals by the contract's numbers, as it kept them when they were last looked at.
CREATE TABLE proposal (
    id    INTEGER PRIMARY KEY,
    kept  BLOB NOT NULL,                          -- consensus bytes of what get-proposal answered
    state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'passed', 'refused', 'done', 'lapsed')),
    over  INTEGER NOT NULL CHECK (over IN (0, 1)),  -- nothing changes any more
    shown INTEGER NOT NULL DEFAULT 0 CHECK (shown IN (0, 1))  -- copied to portal.db
) STRICT;

-- Invariant 19: what a dwelling chose last. It leaves core.db only inside a zone's sum.
CREATE TABLE choice (
    proposal INTEGER NOT NULL REFERENCES proposal,
    label    TEXT NOT NULL,
    choice   TEXT NOT NULL CHECK (choice IN ('yes', 'no')),
    PRIMARY KEY (proposal, label)
) STRICT;

-- Invariant 20: a zone's vectors of ballots by rising revision, each made once; its slots say what opens it.
CREATE TABLE vector (
    proposal INTEGER NOT NULL REFERENCES proposal,
    zone     INTEGER NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    mark     BLOB NOT NULL CHECK (length(mark) = 32),         -- SHA-256 of its commitments' consensus bytes
    counted  INTEGER NOT NULL DEFAULT 0 CHECK (counted IN (0, 1)),  -- the contract kept it at the close
    PRIMARY KEY (proposal, zone, revision)
) STRICT;

CREATE TABLE vector_slot (
    proposal INTEGER NOT NULL,
    zone     INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    slot     INTEGER NOT NULL,
    holder   TEXT NOT NULL REFERENCES sealed (name),
    votes    INTEGER NOT NULL CHECK (votes IN (0, 1)),        -- by the contract; what others choose does not count
    choice   TEXT CHECK (choice IN ('yes', 'no')),
    PRIMARY KEY (proposal, zone, revision, slot),
    FOREIGN KEY (proposal, zone, revision) REFERENCES vector (proposal, zone, revision)
) STRICT;
