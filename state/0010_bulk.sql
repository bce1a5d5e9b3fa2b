-- The bulk path: orders in batches by GraphQL (src/load/bulk). A new state of orders, 7: accepted by it, and the REST API
-- has not shown the copy yet, so that remote_id may be NULL.

-- The path of a connection's orders: 'rest' or 'bulk'. NULL: from before this column, or no order was sent yet.
ALTER TABLE connections ADD COLUMN load TEXT;
-- What the canary of the bulk path found. The first 8 bytes of a BLAKE3 of the input types; NULL: no canary yet.
ALTER TABLE connections ADD COLUMN bulk_schema INTEGER;
-- What priceAmount of a line is taken for: 'unit' or 'line_total'. NULL: no line of several units was sent yet.
ALTER TABLE connections ADD COLUMN bulk_price TEXT;
-- 1: the copy in the REST API shows a tax. NULL: no order with a tax was sent yet.
ALTER TABLE connections ADD COLUMN bulk_has_tax INTEGER;
