-- A person has seen the dead letter and leaves it as it is: when, and why. NULL: nobody has. A letter whose reasons
-- change, or whose order is refused once more, is new again.
ALTER TABLE dead_letters ADD COLUMN accepted_ms INTEGER;
ALTER TABLE dead_letters ADD COLUMN note TEXT;
