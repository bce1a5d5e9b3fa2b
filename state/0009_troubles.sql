-- Why a job's last attempt did not come to its end, whether a run began or not. No row: it finished, or never began.
CREATE TABLE troubles (
    job      TEXT PRIMARY KEY,
    kind     TEXT NOT NULL,             -- failed, refused, away
    since_ms INTEGER NOT NULL,          -- the first attempt in a row that ended so
    at_ms    INTEGER NOT NULL,          -- the last one
    reason   TEXT NOT NULL
) WITHOUT ROWID;
