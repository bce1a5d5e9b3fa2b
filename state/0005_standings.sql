-- The last notices about a job, so that none is repeated.
CREATE TABLE standings (
    job       TEXT NOT NULL,
    topic     TEXT NOT NULL,            -- runs, dead_letters, verifications
    condition TEXT NOT NULL,            -- well, failed, refused, away, differences; of dead letters their number
    since_ms  INTEGER NOT NULL,
    told      TEXT,                     -- the condition of the last notice; NULL: none since it was well
    told_ms   INTEGER,
    PRIMARY KEY (job, topic)
) WITHOUT ROWID;
