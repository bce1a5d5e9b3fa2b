-- What runs and checks have met, so that a plan can tell what is new without asking anybody.

-- Currencies that runs of a job have sent orders in; each is noted before the first of them.
CREATE TABLE currencies_sent (
    job      TEXT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (job, currency)
) WITHOUT ROWID;

-- What the target said last when it was asked for a connection.
CREATE TABLE connections_asked (
    service    TEXT NOT NULL,
    externalid TEXT NOT NULL,
    standing   INTEGER NOT NULL,        -- 0 not there, 1 an integration of ours, 2 the target's own (native)
    list_id    TEXT,                    -- new contacts of it join this list
    at_ms      INTEGER NOT NULL,
    PRIMARY KEY (service, externalid)
) WITHOUT ROWID;
