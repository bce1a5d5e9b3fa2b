-- A change of a connection's path under way (src/run/switch): one order was sent, or is about to be sent, by the other path,
-- and it is not known yet whether ActiveCampaign made a second record of it. Nothing else is sent to the connection meanwhile.
CREATE TABLE path_switches (
    connection INTEGER PRIMARY KEY REFERENCES connections (id),
    load TEXT NOT NULL, -- the path that the connection goes to: 'rest' or 'bulk'
    key ANY NOT NULL, -- of the order, as in orders
    remote_id ANY NOT NULL, -- its record before
    shown TEXT NOT NULL, -- the record's time of change and the ids of its lines before: no write leaves both as they were
    others TEXT NOT NULL, -- ids of the records of its key or its e-mail address before, separated by spaces
    second TEXT NOT NULL -- ids of the records that came to it, about to be deleted; empty: none is known
) STRICT;
