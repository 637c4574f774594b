-- Agents, who sell credit for cash: they sign in like dwellings, and see what they sold and nothing of any home.

CREATE TABLE agent (
    id        INTEGER PRIMARY KEY,
    address   TEXT NOT NULL UNIQUE,               -- its account on the chain
    label     TEXT NOT NULL UNIQUE,               -- printed on its card, e.g. "AG-1"; no dwelling's
    salt      BLOB NOT NULL CHECK (length(salt) = 16),
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32)
) STRICT;

CREATE TABLE session_v4 (                         -- portal's own: who is signed in, a dwelling or an agent
    token_hash  BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
    dwelling_id INTEGER REFERENCES dwelling,
    created_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL,
    agent_id    INTEGER REFERENCES agent,
    CHECK ((dwelling_id IS NULL) <> (agent_id IS NULL))
) STRICT;
INSERT INTO session_v4 SELECT token_hash, dwelling_id, created_at, seen_at, NULL FROM session;
DROP TABLE session;
ALTER TABLE session_v4 RENAME TO session;

CREATE TABLE attempt_v4 (                         -- portal's own: failed sign-ins, so that guessing is slow
    dwelling_id INTEGER REFERENCES dwelling,
    client      BLOB NOT NULL CHECK (length(client) = 16),    -- salted hash of the asking address, forgotten at restart
    failures    INTEGER NOT NULL,
    last_at     INTEGER NOT NULL,
    agent_id    INTEGER REFERENCES agent,
    UNIQUE (dwelling_id, client),
    UNIQUE (agent_id, client),
    CHECK ((dwelling_id IS NULL) <> (agent_id IS NULL))
) STRICT;
INSERT INTO attempt_v4 SELECT dwelling_id, client, failures, last_at, NULL FROM attempt;
DROP TABLE attempt;
ALTER TABLE attempt_v4 RENAME TO attempt;

CREATE TABLE agent_float (                        -- what an agent may still sell in a zone
    agent_id INTEGER NOT NULL REFERENCES agent,
    zone     INTEGER NOT NULL,
    room     INTEGER NOT NULL,                    -- units of account, as all amounts here
    step     INTEGER NOT NULL CHECK (step > 0),   -- amounts are multiples of it
    PRIMARY KEY (agent_id, zone)
) STRICT;

CREATE TABLE sale_request (                       -- an agent's, numbered; the core answers it
    number   INTEGER PRIMARY KEY,
    agent_id INTEGER NOT NULL REFERENCES agent,
    once     BLOB NOT NULL UNIQUE CHECK (length(once) = 16),  -- of the form that was sent, so that it counts once
    zone     INTEGER NOT NULL,
    label    TEXT NOT NULL,
    amount   INTEGER NOT NULL CHECK (amount > 0),
    at       INTEGER NOT NULL,
    answer   TEXT NOT NULL DEFAULT 'waiting'
             CHECK (answer IN ('waiting', 'sold', 'home', 'amount', 'left', 'closed', 'late')),
    receipt  INTEGER                              -- its number, where something was sold
) STRICT;

CREATE TABLE sale (                               -- receipts, seen by the agent and by the dwelling alone
    agent    TEXT NOT NULL,                       -- its account
    number   INTEGER NOT NULL,
    name     TEXT NOT NULL,                       -- the agent's, on its card
    zone     INTEGER NOT NULL,
    label    TEXT NOT NULL,                       -- the dwelling
    amount   INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    code     TEXT NOT NULL,                       -- 80 bits of the receipt's digest
    state    TEXT NOT NULL CHECK (state IN ('approval', 'ready', 'open', 'credit', 'final')),
    sequence INTEGER,                             -- of the credits that cover it
    PRIMARY KEY (agent, number)
) STRICT;
CREATE INDEX sale_of_home ON sale (label, zone);
