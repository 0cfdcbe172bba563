-- When each key was last presented, to the minute. No event, because it is no decision of anybody's; no
-- history, because who asked what is for the log of the service. May be deleted at any time.

CREATE TABLE key_uses (
    organisation text COLLATE "C" NOT NULL CHECK (organisation <> ''),
    key          text COLLATE "C" NOT NULL CHECK (key <> ''),
    -- Microseconds since 1970.
    time         bigint           NOT NULL,
    CONSTRAINT key_uses_pkey PRIMARY KEY (organisation, key)
);
