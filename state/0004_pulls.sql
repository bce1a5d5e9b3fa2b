-- Pulled windows whose every order a run has settled. The end of the last one is where the next pull begins.
CREATE TABLE settled_windows (
    job    TEXT NOT NULL,
    window TEXT NOT NULL,               -- name of its folder; sorts in the order of the pulls
    to_ms  INTEGER NOT NULL,            -- its end, by the shop's clock
    orders INTEGER NOT NULL,
    run    INTEGER NOT NULL REFERENCES runs (id),
    PRIMARY KEY (job, window)
) WITHOUT ROWID;
