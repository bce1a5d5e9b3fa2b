-- 1: the connection held no order when this state first saw it, so the ledger knows all of them. Of connections from
-- before this column that is not known.
ALTER TABLE connections ADD COLUMN was_empty INTEGER NOT NULL DEFAULT 0;
