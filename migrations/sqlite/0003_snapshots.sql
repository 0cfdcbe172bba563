-- Access states as bytes: shortcuts to what the log says. May be deleted at any time, and are not
-- compared, exported or proved.

CREATE TABLE state_snapshots (
    organisation TEXT    NOT NULL CHECK (organisation <> ''),
    -- Of the last event that is in the state. One with another time at this position is another log's.
    position     INTEGER NOT NULL CHECK (position > 0),
    time         INTEGER NOT NULL,
    -- The version of the bytes' layout: a program reads its own only.
    layout       INTEGER NOT NULL,
    body         BLOB    NOT NULL,
    PRIMARY KEY (organisation, layout, position)
) STRICT;
