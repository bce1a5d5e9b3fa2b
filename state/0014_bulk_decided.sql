-- When the canary of the bulk path decided last, in milliseconds since 1970. NULL: never, or before this column.
ALTER TABLE connections ADD COLUMN bulk_ms INTEGER;
