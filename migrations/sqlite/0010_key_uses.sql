-- When each key was last presented, to the minute. No event, because it is no decision of anybody's; no
-- history, because who asked what is for the log of the service. May be deleted at any time.

CREATE TABLE key_uses (
    organisation TEXT    NOT NULL CHECK (organisation <> ''),
    key          TEXT    NOT NULL CHECK (key <> ''),
    -- Microseconds since 1970.
    time         INTEGER NOT NULL,
    PRIMARY KEY (organisation, key)
) STRICT, WITHOUT ROWID;
