-- Access states as bytes: shortcuts to what the log says. May be deleted at any time, and are not
-- compared, exported or proved. Not `snapshots`: `postgres-es` looks for a table of its own by that name.

CREATE TABLE state_snapshots (
    organisation text COLLATE "C" NOT NULL CHECK (organisation <> ''),
    -- Of the last event that is in the state. One with another time at this position is another log's.
    position     bigint           NOT NULL CHECK (position > 0),
    time         bigint           NOT NULL,
    -- The version of the bytes' layout: a program reads its own only.
    layout       integer          NOT NULL,
    body         bytea            NOT NULL,
    CONSTRAINT state_snapshots_pkey PRIMARY KEY (organisation, layout, position)
);

-- They hardly compress, and are read whole.
ALTER TABLE state_snapshots ALTER COLUMN body SET STORAGE EXTERNAL;
