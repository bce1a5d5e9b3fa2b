-- When a verification last noted what it found of an order; an interrupted one is resumed within a day of
-- that.
ALTER TABLE verifications ADD COLUMN noted_ms INTEGER;
