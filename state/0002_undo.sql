-- Undoing a run: what it created is deleted at the target and leaves the ledger.
--
-- Besides what 0001 says, orders.state 5 is "delete intended": whoever meets it looks the order up first. And
-- orders.run 0 stands for `adopt`, which is no run.

ALTER TABLE runs ADD COLUMN closed_ms INTEGER;  -- never gone on with: what it had settled was taken back since
ALTER TABLE runs ADD COLUMN undone_ms INTEGER;  -- nothing that it created is at the target any more

-- Orders that an undo has deleted, until it has read back that they are gone.
CREATE TABLE deleted_orders (
    run       INTEGER NOT NULL REFERENCES runs (id), -- the run that had created it
    key       TEXT NOT NULL,
    remote_id NOT NULL,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;
