-- The last notice by its name.
ALTER TABLE standings RENAME COLUMN told TO noticed;
ALTER TABLE standings RENAME COLUMN told_ms TO noticed_ms;
