-- Pulled windows whose every order a run has settled.
CREATE TABLE settled_windows (
    job    TEXT NOT NULL,
    window TEXT NOT NULL,               -- name of its folder
    run    INTEGER NOT NULL REFERENCES runs (id),
    PRIMARY KEY (job, window)
) WITHOUT ROWID;
