-- The database of a fleet: which node holds which account, and the newest copy of each account's
-- ledger. Times are the database's own: clocks of nodes may differ by minutes. No e-mail address,
-- name, payload or token is written here; a ledger holds none either.

-- The whole milliseconds of an interval: how nodes are given times, as ages on the database's
-- clock.
CREATE FUNCTION ordersync.ms(interval) RETURNS bigint LANGUAGE sql IMMUTABLE AS
    'SELECT (1000 * extract(epoch FROM $1))::bigint';

-- One row for each account that a node has in its settings.
CREATE TABLE ordersync.accounts (
    name           text PRIMARY KEY,
    -- Digest of the schedules of its jobs: who registers other ones has the account looked at at
    -- once.
    schedules      bytea NOT NULL,
    -- When the account has to be looked at next.
    due_at         timestamptz NOT NULL,
    -- When its schedules were last looked at; a job that never ran counts its starts from here.
    seen_at        timestamptz NOT NULL,

    -- The lease. `fence` grows with each one that is granted and never shrinks: who has an older
    -- number has lost the account.
    holder         text,
    fence          bigint NOT NULL DEFAULT 0,
    expires_at     timestamptz,
    CHECK ((holder IS NULL) = (expires_at IS NULL)),

    -- The pace: the last request sent, and until when ActiveCampaign asked for quiet.
    sent_at        timestamptz,
    paused_until   timestamptz,

    -- The newest copy of the ledger: its chunks, and the hash of the whole file.
    copy_fence     bigint,
    copy_number    bigint,
    copy_chunks    integer,
    copy_bytes     bigint,
    copy_hash      bytea,
    -- The ledger holds all that was sent before this moment.
    exact_at       timestamptz,
    -- The holder's last copy holds all that it sent. False while the account is held.
    is_exact       boolean NOT NULL DEFAULT true,

    -- The number of the lease under which the ledger was handed to a machine of its own; no node
    -- takes the account while it is set. The ledger there carries the same number until the machine
    -- may write to it.
    exported       bigint,
    CHECK (copy_fence <= fence)
);

CREATE INDEX ON ordersync.accounts (due_at);

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

-- A copy is written chunk by chunk, and counts once accounts.copy_* name it.
CREATE TABLE ordersync.copy_chunks (
    account  text NOT NULL REFERENCES ordersync.accounts ON DELETE CASCADE,
    fence    bigint NOT NULL,
    number   bigint NOT NULL,
    position integer NOT NULL,
    -- Compressed, so PostgreSQL need not try.
    bytes    bytea NOT NULL,
    PRIMARY KEY (account, fence, number, position)
);
ALTER TABLE ordersync.copy_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- Whatever a node that lost its lease believes, it writes nothing any more.
CREATE FUNCTION ordersync.refuse_lost_lease() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ordersync.accounts WHERE name = NEW.account AND fence = NEW.fence) THEN
        RAISE EXCEPTION 'lease % of account % is not the newest', NEW.fence, NEW.account
            USING ERRCODE = 'OS001';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER refuse_lost_lease BEFORE INSERT OR UPDATE ON ordersync.copy_chunks
    FOR EACH ROW EXECUTE FUNCTION ordersync.refuse_lost_lease();

CREATE FUNCTION ordersync.refuse_older_copy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.fence < OLD.fence OR NEW.copy_fence < OLD.copy_fence THEN
        RAISE EXCEPTION 'account % had a newer lease', NEW.name USING ERRCODE = 'OS001';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER refuse_older_copy BEFORE UPDATE ON ordersync.accounts
    FOR EACH ROW EXECUTE FUNCTION ordersync.refuse_older_copy();
