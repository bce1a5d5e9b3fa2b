-- The state of one ActiveCampaign account: what has been sent, and how far each run came.
--
-- No address, name or payload is ever written here. Customers are keyed hashes (16 bytes of BLAKE3 under
-- account.hash_key), orders are their ids as the shop numbers them, and the content of a payload is a keyed
-- 64-bit fingerprint. Times are milliseconds since 1970, UTC.

-- Single values: 'hash_key' (32 random bytes, the key of all hashes in this file).
CREATE TABLE account (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- The ActiveCampaign connection resources that jobs write to. A connection that was deleted and made again at
-- the target has another remote id, holds none of the orders, and so is another row here.
CREATE TABLE connections (
    id         INTEGER PRIMARY KEY,
    service    TEXT NOT NULL,
    externalid TEXT NOT NULL,
    remote_id  NOT NULL,
    seen_ms    INTEGER NOT NULL,        -- the row seen last is the one in use; 0: deleted at the target
    UNIQUE (service, externalid, remote_id)
);

-- The ledger of orders.
CREATE TABLE orders (
    connection  INTEGER NOT NULL REFERENCES connections (id),
    key         TEXT NOT NULL,          -- externalid at the target; of a cart a blank and its externalcheckoutid
    remote_id,                          -- NULL until known; a number where the target writes one
    fingerprint INTEGER,                -- of the payload the target took last; states 1 and 2: about to be sent; 3: refused
    state       INTEGER NOT NULL,       -- 0 settled, 1 create intended, 2 update intended, 3 refused,
                                        -- 4 a cart that became an order
    outcome     INTEGER NOT NULL,       -- of the last write: 0 none yet, 1 created, 2 updated, 3 adopted, 4 left deleted
    run         INTEGER NOT NULL,       -- the run that touched it last
    created_run INTEGER,                -- the run that created it at the target; NULL: adopted or not there
    PRIMARY KEY (connection, key)
) WITHOUT ROWID;

-- The ledger of customers.
CREATE TABLE customers (
    connection INTEGER NOT NULL REFERENCES connections (id),
    key_hash   BLOB NOT NULL,
    remote_id,                          -- NULL: a create was intended and its answer never recorded
    run        INTEGER NOT NULL,
    PRIMARY KEY (connection, key_hash)
) WITHOUT ROWID;

-- One row for each run. The counts are settled in the same transaction as what they count.
CREATE TABLE runs (
    id                 INTEGER PRIMARY KEY,
    job                TEXT NOT NULL,
    kind               TEXT NOT NULL,               -- backfill, sync
    connection         INTEGER REFERENCES connections (id),
    export             BLOB NOT NULL,               -- hash of the export's files (path, size, time) and the limits asked for
    started_ms         INTEGER NOT NULL,
    ended_ms           INTEGER,
    active_ms          INTEGER NOT NULL DEFAULT 0,  -- time at work, over all its processes
    outcome            TEXT,                        -- NULL while at work, or killed
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
    requests_throttled INTEGER NOT NULL DEFAULT 0
);

CREATE INDEX runs_of_job ON runs (job, id);

-- Records that were invalid (we would not send them) or refused (the target would not take them), with every
-- reason. One row for each record of a job, however often it is met; gone once a finished run no longer meets it.
CREATE TABLE dead_letters (
    job       TEXT NOT NULL,
    record    TEXT NOT NULL,            -- the order's key, or file and line where it has none
    stage     TEXT NOT NULL,            -- invalid, refused
    number    TEXT NOT NULL,            -- the order's number as people know it
    file      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    reasons   TEXT NOT NULL,            -- codes, with the field where one is at fault: 'bad_money(total) missing_email'
    status    INTEGER,                  -- HTTP status of the last answer, for refused ones
    attempts  INTEGER NOT NULL,
    first_run INTEGER NOT NULL,
    last_run  INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL,
    PRIMARY KEY (job, record)
) WITHOUT ROWID;
