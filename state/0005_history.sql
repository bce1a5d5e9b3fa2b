-- What was done about each order, so that one can be told end to end, and what the last verification found of it.

-- The attempts at an order: what was asked of the target for it, and what people asked for. Of more than 10 the first
-- and the last 9 are kept. Requests that were throttled were no attempts, and are counted by their run alone.
CREATE TABLE history (
    connection INTEGER NOT NULL REFERENCES connections (id),
    key        TEXT NOT NULL,           -- as in orders
    n          INTEGER NOT NULL,        -- counted from 1 for each order
    run        INTEGER NOT NULL,        -- 0: no run, but people; of a delete the run that is undone
    at_s       INTEGER NOT NULL,        -- seconds since 1970, UTC
    operation  INTEGER NOT NULL,        -- 1 create, 2 update, 3 look-up, 4 delete, 5 create of its customer,
                                        -- 6 look-up of its customer, 7 adopted, 8 left deleted, 9 `dead-letters retry`,
                                        -- 10 `verify --repair`, 11 still listed after its delete
    answer     TEXT,                    -- NULL: done; 'absent', or how a failure was judged: 'again', 'refused', …
    status     INTEGER,                 -- HTTP status of a failure
    code       TEXT,                    -- the target's error code, or what broke; of 10 the fields that differed
    remote_id,                          -- of what was made, found or deleted
    PRIMARY KEY (connection, key, n)
) WITHOUT ROWID;

-- One row for each verification that began.
CREATE TABLE verifications (
    id          INTEGER PRIMARY KEY,
    job         TEXT NOT NULL,
    connection  INTEGER NOT NULL REFERENCES connections (id),
    started_ms  INTEGER NOT NULL,
    ended_ms    INTEGER,                -- NULL: it did not come to its end
    sample_part INTEGER,                -- NULL: all orders; else the part of sample_of that was read line by line
    sample_of   INTEGER,
    expected    INTEGER NOT NULL DEFAULT 0,
    matching    INTEGER NOT NULL DEFAULT 0,
    differences INTEGER NOT NULL DEFAULT 0,
    queued      INTEGER NOT NULL DEFAULT 0
);

CREATE INDEX verifications_of_job ON verifications (job, id);

-- The verification that compared the order last; below 0: the same, and the order was written since.
ALTER TABLE orders ADD COLUMN verified INTEGER;
-- What it found to differ: 1 missing, 2 total, 4 currency, 8 date, 16 products, 32 customer; NULL: nothing.
ALTER TABLE orders ADD COLUMN differs INTEGER;

-- What the plan of a run said before it began, over all of its processes; NULL where there was none.
ALTER TABLE runs ADD COLUMN records_planned INTEGER;
ALTER TABLE runs ADD COLUMN requests_planned INTEGER;
