-- Who works on the accounts, and which ledgers are at a machine of its own.

-- One row for each daemon that runs, by which people see and steer it. No lease depends on it.
CREATE TABLE ordersync.nodes (
    name          text PRIMARY KEY,
    -- The name of its machine.
    host          text NOT NULL,
    since         timestamptz NOT NULL,
    -- When it was last heard of, and after how long without a sign of life it counts as lost.
    seen_at       timestamptz NOT NULL,
    lost_after_ms bigint NOT NULL,
    -- It takes no lease, and hands over those it has.
    is_draining   boolean NOT NULL DEFAULT false
);

-- The number of the lease under which the ledger was handed to a machine of its own; no node takes the account
-- while it is set. The ledger there carries the same number until the machine may write to it.
ALTER TABLE ordersync.accounts ADD COLUMN exported bigint;
