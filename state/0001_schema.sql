-- The state of one ActiveCampaign account: what has been sent, and how far each run came.
--
-- No e-mail address, name or payload is ever written here. Customers are keyed hashes (12 bytes of
-- BLAKE3 under account.hash_key), orders are their ids as the shop numbers them, and the content of
-- a payload is a keyed 64-bit fingerprint. Times are milliseconds since 1970, UTC.

-- Single values: 'hash_key' (32 random bytes, the key of all hashes in this file), 'host' (of the
-- account the state belongs to), 'last_order' (the highest orders.id given out), 'unrecorded'
-- (orders that may be at ActiveCampaign and are not known here), 'handed_over' (the number under
-- which this ledger was handed to a fleet, whose it is while it is set), 'came_back' (that under
-- which it last came back).
CREATE TABLE account (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

INSERT INTO account (name, value) VALUES ('last_order', 0);

-- The ActiveCampaign connection resources that jobs write to. A connection that was deleted and
-- created again there has another remote id and none of the orders, and so is another row here.
-- Columns that begin with bulk_ are about the bulk path: orders in batches by GraphQL
-- (src/load/bulk).
CREATE TABLE connections (
    id            INTEGER PRIMARY KEY,
    service       TEXT NOT NULL,
    externalid    TEXT NOT NULL,
    remote_id     NOT NULL,
    seen_ms       INTEGER NOT NULL,            -- the row seen last is the one in use; 0: deleted at ActiveCampaign; -1: and
                                               -- given up
    was_empty     INTEGER NOT NULL DEFAULT 0,  -- 1: it held no order when this state first saw it, so the ledger knows all
    load          TEXT,                        -- the path of its orders: 'rest' or 'bulk'; NULL: no order was sent yet
    bulk_schema   INTEGER,                     -- first 8 bytes of a BLAKE3 of the input types; NULL: no canary yet
    bulk_price    TEXT,                        -- what priceAmount of a line is taken for: 'unit' or 'line_total'; NULL: no
                                               -- line of several units was sent yet
    bulk_has_tax  INTEGER,                     -- 1: the copy in the REST API shows a tax; NULL: no order with one was sent yet
    bulk_ms       INTEGER,                     -- when the canary decided last; NULL: never
    bulk_not_read INTEGER NOT NULL DEFAULT 0,  -- accepted orders that the last run did not look for, as they are not of the
                                               -- sample (bulk_sample)
    UNIQUE (service, externalid, remote_id)
);

-- A change of a connection's path under way (src/run/switch): one order was sent, or is about to be
-- sent, by the other path, and it is not known yet whether ActiveCampaign made a second record of
-- it. Nothing else is sent to the connection meanwhile.
CREATE TABLE path_switches (
    connection INTEGER PRIMARY KEY REFERENCES connections (id),
    load       TEXT NOT NULL,           -- the path that the connection goes to: 'rest' or 'bulk'
    key        ANY NOT NULL,            -- of the order, as in orders
    remote_id  ANY NOT NULL,            -- its record before
    shown      TEXT NOT NULL,           -- the record's time of change and the ids of its lines before: no write leaves both
                                        -- as they were
    others     TEXT NOT NULL,           -- ids of the records of its key or its e-mail address before, separated by spaces
    second     TEXT NOT NULL            -- ids of the records that came to it, about to be deleted; empty: none is known
) STRICT;

-- What ActiveCampaign answered when it was last asked for a connection, so that a plan need not
-- ask.
CREATE TABLE connections_asked (
    service    TEXT NOT NULL,
    externalid TEXT NOT NULL,
    owner      INTEGER NOT NULL,        -- 0 no such connection, 1 an integration of ours, 2 ActiveCampaign's own (native)
    list_id    TEXT,                    -- its new contacts join this list
    at_ms      INTEGER NOT NULL,
    PRIMARY KEY (service, externalid)
) WITHOUT ROWID;

-- The ledger of orders. A row stays when its order leaves the ledger (state 6), as its history
-- does.
--
-- Rows lie in the order of their keys (WITHOUT ROWID): a plan looks up each order of an export by
-- its key, and finds what it needs in one search.
CREATE TABLE orders (
    connection  INTEGER NOT NULL REFERENCES connections (id),
    key         NOT NULL,               -- externalid; of a cart a blank and its externalcheckoutid. A number where it is
                                        -- written as one: half the size
    id          INTEGER NOT NULL,       -- ours, counted in account.last_order; history and digests refer to it
    remote_id,                          -- NULL until known; a number where ActiveCampaign writes one
    fingerprint INTEGER,                -- of the payload ActiveCampaign took last; states 1 and 2: about to be sent;
                                        -- 3: refused; NULL: to be sent again
    state       INTEGER NOT NULL,       -- 0 settled, 1 create intended, 2 update intended, 3 refused,
                                        -- 4 a cart that became an order, 5 delete intended, 6 not
                                        -- in the ledger, 7 accepted by the bulk path and not shown
                                        -- by the REST API yet
    outcome     INTEGER,                -- of the last write: NULL none yet, 1 created, 2 updated, 3 adopted, 4 left deleted, 5 superseded by its order
    run         INTEGER NOT NULL,       -- the run that touched it last; 0: `adopt`, which is no run
    created_run INTEGER,                -- the run that created it at ActiveCampaign; NULL: adopted or not there
    customer    BLOB,                   -- the customer that it was created for, as the first 5 bytes of customers.key_hash;
                                        -- zeros: someone else's; NULL: not known
    verified    INTEGER,                -- the verification that compared it last; negative: and it was written since
    differs     INTEGER,                -- what that found: 1 missing, 2 total, 4 currency, 8 date, 16 products,
                                        -- 32 customer, 64 duplicate, 128 discounts; NULL: nothing
    PRIMARY KEY (connection, key)
) WITHOUT ROWID;

-- Which fields of an order changed since it was written follows from these: amounts, dates and
-- counts of the payload, and short keyed hashes of its other fields; no address, name or text
-- (src/domain/digest.rs). In a table of their own, so that a plan over a ledger in which nothing
-- changed reads none of them.
CREATE TABLE order_digests (
    order_id INTEGER PRIMARY KEY,       -- orders.id
    digest   BLOB NOT NULL              -- of the payload that orders.fingerprint is of
);

-- A digest of another payload than the fingerprint's would mislead.
CREATE TRIGGER digest_outdated AFTER UPDATE OF fingerprint ON orders WHEN new.fingerprint IS NOT old.fingerprint BEGIN
    DELETE FROM order_digests WHERE order_id = old.id;
END;

-- The attempts at an order: what was asked of ActiveCampaign for it, and what people asked for. Of
-- more than 10 the first and the last 9 are kept. Throttled requests are no attempts; their run
-- counts them.
CREATE TABLE history (
    order_id   INTEGER NOT NULL,        -- orders.id
    n          INTEGER NOT NULL,        -- counted from 1 for each order
    run        INTEGER NOT NULL,        -- 0: no run, but people; of a delete the run that is undone
    at_s       INTEGER NOT NULL,        -- seconds since 1970, UTC
    operation  INTEGER NOT NULL,        -- 1 create, 2 update, 3 lookup, 4 delete, 5 create of its customer,
                                        -- 6 lookup of its customer, 7 adopted, 8 left deleted, 9
                                        -- `dead-letters retry`, 10 `verify --repair`, 11 still
                                        -- listed after its delete
    remote_id,                          -- of what was created, found or deleted
    batch      INTEGER,                 -- orders in the batch that it was sent in; NULL: it was sent by itself
    PRIMARY KEY (order_id, n)
) WITHOUT ROWID;

-- What came of the attempts that were not simply done: few, so each of the others saves three NULLs.
CREATE TABLE answers (
    order_id INTEGER NOT NULL,
    n        INTEGER NOT NULL,
    answer   TEXT NOT NULL,             -- 'absent', or what follows from a failure: 'again', 'refused', …
    status   INTEGER,                   -- HTTP status of a failure
    code     TEXT,                      -- ActiveCampaign's error code, or ours for what broke; of 10 the fields that differed
    PRIMARY KEY (order_id, n),
    FOREIGN KEY (order_id, n) REFERENCES history ON DELETE CASCADE
) WITHOUT ROWID;

CREATE VIEW attempts AS SELECT * FROM history LEFT JOIN answers USING (order_id, n);

-- The ledger of customers.
CREATE TABLE customers (
    connection INTEGER NOT NULL REFERENCES connections (id),
    key_hash   BLOB NOT NULL,
    remote_id,                          -- NULL: a create was intended and its answer never recorded
    PRIMARY KEY (connection, key_hash)
) WITHOUT ROWID;

-- One row for each run. The counts are settled in the same transaction as what they count.
CREATE TABLE runs (
    id                 INTEGER PRIMARY KEY,
    job                TEXT NOT NULL,
    kind               TEXT NOT NULL,               -- backfill, sync
    connection         INTEGER REFERENCES connections (id),
    export             BLOB NOT NULL,               -- hash of the export's files (path, size, time) and the limits asked for
    mapping            TEXT,                        -- the settings it makes orders by, `name=value` line by line
    records_planned    INTEGER,                     -- what its plan said, over all of its processes; NULL: no plan
    requests_planned   INTEGER,
    started_ms         INTEGER NOT NULL,
    ended_ms           INTEGER,
    active_ms          INTEGER NOT NULL DEFAULT 0,  -- time at work, over all its processes
    outcome            TEXT,                        -- finished, interrupted, paused, stopped, failed;
                                                    -- NULL while at work, or killed
    closed_ms          INTEGER,                     -- never resumed: what it had settled was taken back since
    undone_ms          INTEGER,                     -- nothing that it created is at ActiveCampaign any more
    checkpoint         INTEGER NOT NULL DEFAULT 0,  -- the lowest record not yet settled
    records            INTEGER,                     -- records in the export, once it was read to its end
    created            INTEGER NOT NULL DEFAULT 0,
    updated            INTEGER NOT NULL DEFAULT 0,
    adopted            INTEGER NOT NULL DEFAULT 0,
    unchanged          INTEGER NOT NULL DEFAULT 0,
    filtered           INTEGER NOT NULL DEFAULT 0,
    invalid            INTEGER NOT NULL DEFAULT 0,
    refused            INTEGER NOT NULL DEFAULT 0,
    pending            INTEGER NOT NULL DEFAULT 0,  -- read and not settled when the run ended
    customers_created  INTEGER NOT NULL DEFAULT 0,
    customers_adopted  INTEGER NOT NULL DEFAULT 0,
    requests_total     INTEGER NOT NULL DEFAULT 0,
    requests_retried   INTEGER NOT NULL DEFAULT 0,
    requests_throttled INTEGER NOT NULL DEFAULT 0,
    plan               TEXT                         -- id of the approved plan that it loads, where it was given one
);

CREATE INDEX runs_of_job ON runs (job, id);

-- Why a job's last attempt did not come to its end, whether a run began or not. No row: it
-- finished, or never began.
CREATE TABLE troubles (
    job      TEXT PRIMARY KEY,
    kind     TEXT NOT NULL,             -- failed, refused, away
    since_ms INTEGER NOT NULL,          -- the first attempt in a row that ended so
    at_ms    INTEGER NOT NULL,          -- the last one
    reason   TEXT NOT NULL
) WITHOUT ROWID;

-- The last notices about a job, so that none is repeated.
CREATE TABLE standings (
    job        TEXT NOT NULL,
    topic      TEXT NOT NULL,           -- runs, dead_letters, verifications
    condition  TEXT NOT NULL,           -- well, failed, refused, away, differences; of dead letters their number
    since_ms   INTEGER NOT NULL,
    noticed    TEXT,                    -- the condition of the last notice; NULL: none since it was well
    noticed_ms INTEGER,
    PRIMARY KEY (job, topic)
) WITHOUT ROWID;

-- Pulled windows whose every order a run has settled.
CREATE TABLE settled_windows (
    job    TEXT NOT NULL,
    window TEXT NOT NULL,               -- name of its folder
    run    INTEGER NOT NULL REFERENCES runs (id),
    PRIMARY KEY (job, window)
) WITHOUT ROWID;

-- Records that were invalid (not sent) or refused (rejected by ActiveCampaign), with every reason.
-- One row for each record of a job, however often it is met; gone once the record is fine, or a run
-- that reads the whole export no longer meets it. One whose reasons change, or whose order is
-- refused once more, is new again.
CREATE TABLE dead_letters (
    job         TEXT NOT NULL,
    record      NOT NULL,               -- the order's key as in orders; file and line where it has none, or another
                                        -- record has the key
    stage       TEXT NOT NULL,          -- invalid, refused
    number      TEXT NOT NULL,          -- the order's number as people know it
    file        TEXT NOT NULL,
    line        INTEGER NOT NULL,
    reasons     TEXT NOT NULL,          -- codes, with the field where one is at fault: 'bad_money(total) missing_email'
    status      INTEGER,                -- HTTP status of the last response, for refused ones
    attempts    INTEGER NOT NULL,
    first_run   INTEGER NOT NULL,
    last_run    INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    accepted_ms INTEGER,                -- when a person left it as it is; NULL: nobody has
    note        TEXT,                   -- and why
    PRIMARY KEY (job, record)
) WITHOUT ROWID;

-- Orders that an undo has deleted, until it has read back that they are gone.
CREATE TABLE deleted_orders (
    run       INTEGER NOT NULL REFERENCES runs (id), -- the run that had created it
    key       NOT NULL,                              -- as in orders
    remote_id NOT NULL,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;

-- What the last finished run of each job had read: an export that shrank, or a file that is gone,
-- is noticed before the next run sends anything.
CREATE TABLE export_files (
    job   TEXT NOT NULL,
    file  TEXT NOT NULL,                -- path, with the member in brackets where it is an archive
    bytes INTEGER NOT NULL,             -- of the file on disk
    PRIMARY KEY (job, file)
) WITHOUT ROWID;

-- Currencies that runs of a job have sent orders in; each is noted before the first of them.
CREATE TABLE currencies_sent (
    job      TEXT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (job, currency)
) WITHOUT ROWID;

-- One row for each verification that began.
CREATE TABLE verifications (
    id          INTEGER PRIMARY KEY,
    job         TEXT NOT NULL,
    connection  INTEGER NOT NULL REFERENCES connections (id),
    started_ms  INTEGER NOT NULL,
    ended_ms    INTEGER,                -- NULL: it did not finish
    sample_part INTEGER,                -- NULL: by lists; else the part of sample_of that was read line by line, 1/1: all
    sample_of   INTEGER,
    expected    INTEGER NOT NULL DEFAULT 0,
    matching    INTEGER NOT NULL DEFAULT 0,
    differences INTEGER NOT NULL DEFAULT 0,
    queued      INTEGER NOT NULL DEFAULT 0,
    canary      INTEGER,                -- the run whose canary alone was compared; NULL: all orders were looked for
    missing     INTEGER,                -- orders of the export that it did not find at ActiveCampaign
    noted_ms    INTEGER                 -- when it last noted what it found of an order; an interrupted one is resumed within
                                        -- a day of that
);

CREATE INDEX verifications_of_job ON verifications (job, id);

-- What the account answered to the questions of `ordersync probe` (src/run/probe), the last answer
-- to each.
CREATE TABLE probe_answers (
    question TEXT PRIMARY KEY,          -- its id, as in src/run/probe/questions.rs
    word     TEXT NOT NULL,             -- one of the question's words
    number   INTEGER,                   -- milliseconds, or orders; NULL: the question has none
    at_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
