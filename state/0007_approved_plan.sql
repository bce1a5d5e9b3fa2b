-- The id of the approved plan that a run loads, where it was given one.
ALTER TABLE runs ADD COLUMN plan TEXT;
