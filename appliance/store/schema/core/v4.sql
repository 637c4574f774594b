-- Agents, who sell credit for cash against floats that lie in the zones' pots.

-- Invariant 22: an agent's float in a zone, in token units, as the chain showed it last. `final` is what the agent has
-- approved in all: seen at every look for enough Bitcoin blocks, and lowered at once where the chain shows less.
CREATE TABLE agent_float (
    zone     INTEGER NOT NULL,
    agent    TEXT NOT NULL,                       -- its account on the chain
    ratio    INTEGER NOT NULL CHECK (ratio > 0),  -- units of account in a token unit
    balance  INTEGER NOT NULL CHECK (balance >= 0),
    approved INTEGER NOT NULL CHECK (approved >= 0),
    debited  INTEGER NOT NULL CHECK (debited >= 0),
    final    INTEGER NOT NULL CHECK (final BETWEEN 0 AND approved),
    pending  INTEGER,                             -- a higher one, seen since that burn height; both or neither
    since    INTEGER,
    earlier  INTEGER NOT NULL CHECK (earlier >= 0),   -- debited before this core.db knew the agent
    open     INTEGER NOT NULL CHECK (open IN (0, 1)), -- it is an agent, and the zone is not closed
    booked   INTEGER NOT NULL CHECK (booked >= 0),    -- of balance + debited, in the books,
    entries  INTEGER NOT NULL CHECK (entries >= 0),   -- in so many entries
    PRIMARY KEY (zone, agent),
    CHECK ((pending IS NULL) = (since IS NULL))
) STRICT;

-- Invariant 23: receipts for cash. An agent's numbers count from 1 without a gap, each names the one before, and none is
-- changed, deleted or given twice; one request has one receipt, however often it is asked for.
CREATE TABLE sale (
    id       INTEGER PRIMARY KEY,
    agent    TEXT NOT NULL,
    number   INTEGER NOT NULL CHECK (number > 0),
    name     TEXT NOT NULL,                       -- the agent's, as it was called then
    zone     INTEGER NOT NULL,
    slot     INTEGER NOT NULL,                    -- the dwelling's, whose promise is in the books
    label    TEXT NOT NULL,                       -- the dwelling
    tokens   INTEGER NOT NULL CHECK (tokens > 0),
    amount   INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 68719476735),  -- units of account
    at       INTEGER NOT NULL,
    request  BLOB NOT NULL UNIQUE CHECK (length(request) = 16),
    previous BLOB NOT NULL CHECK (length(previous) = 32),  -- digest of the agent's receipt before
    sequence INTEGER,                             -- of the credits that cover it, and the slot that got it there;
    credited INTEGER,                             -- NULL while none do
    shown    TEXT NOT NULL DEFAULT '',            -- the state last copied to portal.db
    UNIQUE (agent, number),
    FOREIGN KEY (zone, agent) REFERENCES agent_float (zone, agent),
    FOREIGN KEY (zone, sequence) REFERENCES credit (zone, sequence),
    CHECK ((sequence IS NULL) = (credited IS NULL))
) STRICT;
CREATE INDEX sale_of_credit ON sale (zone, sequence);
CREATE TRIGGER sale_without_gap BEFORE INSERT ON sale
WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM sale WHERE agent = NEW.agent)
BEGIN SELECT RAISE(ABORT, 'receipts are numbered without a gap'); END;
CREATE TRIGGER sale_not_changed
BEFORE UPDATE OF id, agent, number, name, zone, slot, label, tokens, amount, at, request, previous ON sale
BEGIN SELECT RAISE(ABORT, 'a receipt is never changed'); END;
CREATE TRIGGER sale_not_deleted BEFORE DELETE ON sale BEGIN SELECT RAISE(ABORT, 'a receipt is never deleted'); END;
