-- Orders in the batch that an attempt was sent in. NULL: it was sent by itself, or before this column.
ALTER TABLE history ADD COLUMN batch INTEGER;
