-- What tells which fields of an order changed since it was written.
--
-- Amounts, dates and counts of the payload as they are, and short keyed hashes of its other fields: no address, no name,
-- no text (src/domain/outline.rs). In a table of its own, so that planning over a ledger in which nothing changed
-- reads nothing of it.

CREATE TABLE outlines (
    connection  INTEGER NOT NULL REFERENCES connections (id),
    key         TEXT NOT NULL,          -- as in orders
    fingerprint INTEGER NOT NULL,       -- of the same payload: an outline counts while the ledger has this one
    outline     BLOB NOT NULL,
    PRIMARY KEY (connection, key)
) WITHOUT ROWID;

CREATE TRIGGER outline_forgotten AFTER DELETE ON orders BEGIN
    DELETE FROM outlines WHERE connection = old.connection AND key = old.key;
END;

-- The settings that the run made orders by, `name=value` line by line; NULL: not kept yet.
ALTER TABLE runs ADD COLUMN mapping TEXT;
