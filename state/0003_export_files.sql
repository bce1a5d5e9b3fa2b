-- What the last finished run of each job had read: an export that shrank, or a file that is gone, is noticed before
-- the next run sends anything.

CREATE TABLE export_files (
    job   TEXT NOT NULL,
    file  TEXT NOT NULL,                -- path, with the member in brackets where it is an archive
    bytes INTEGER NOT NULL,             -- of the file as it lay there
    PRIMARY KEY (job, file)
) WITHOUT ROWID;
