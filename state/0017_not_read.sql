-- Accepted orders that the last run did not look for, as they are not of the sample (`bulk_sample`).
ALTER TABLE connections ADD COLUMN bulk_not_read INTEGER NOT NULL DEFAULT 0;
