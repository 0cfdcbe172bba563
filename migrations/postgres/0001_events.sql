-- The event log. Runs with the store's schema as the search_path. The columns aggregate_type …
-- metadata and the primary key are those of `postgres-es`, so that its repository reads our streams.
-- Names compare byte by byte (COLLATE "C"), as in SQLite: `Acme` is not `acme`.

CREATE TABLE events (
    aggregate_type  text COLLATE "C" NOT NULL CHECK (aggregate_type <> ''),
    aggregate_id    text COLLATE "C" NOT NULL CHECK (aggregate_id <> ''),
    sequence        bigint           NOT NULL CHECK (sequence > 0),
    event_type      text COLLATE "C" NOT NULL CHECK (event_type <> ''),
    event_version   text COLLATE "C" NOT NULL CHECK (event_version <> ''),
    -- `json` keeps the text that it was given, byte for byte (`jsonb` would not): this is what is
    -- hashed and exported.
    payload         json             NOT NULL,
    metadata        json             NOT NULL,
    -- The text itself where it is not JSON, which the column beside it cannot hold. Else NULL.
    payload_text    text,
    metadata_text   text,
    organisation    text COLLATE "C" NOT NULL CHECK (organisation <> ''),
    position        bigint           NOT NULL CHECK (position > 0),
    global_position bigint           NOT NULL CHECK (global_position > 0),
    -- Microseconds since 1970-01-01T00:00:00Z.
    time            bigint           NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (aggregate_type, aggregate_id, sequence),
    CONSTRAINT events_position_key UNIQUE (organisation, position),
    CONSTRAINT events_global_position_key UNIQUE (global_position)
);

CREATE FUNCTION events_are_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed or removed' USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_only_added();
CREATE TRIGGER events_are_never_removed BEFORE DELETE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_only_added();
CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_only_added();

-- Also in a session that replays another server's changes (`session_replication_role = replica`).
ALTER TABLE events ENABLE ALWAYS TRIGGER events_are_never_changed;
ALTER TABLE events ENABLE ALWAYS TRIGGER events_are_never_removed;
ALTER TABLE events ENABLE ALWAYS TRIGGER events_are_never_truncated;

-- The head of each organisation's log: what an append is checked against. Rows change in place.
CREATE TABLE organisations (
    organisation text COLLATE "C" NOT NULL PRIMARY KEY CHECK (organisation <> ''),
    position     bigint           NOT NULL CHECK (position > 0),
    time         bigint           NOT NULL
) WITH (fillfactor = 50);

-- The head of the whole log, in one row. A sequence would be taken from before the commit, and would
-- leave gaps when it fails.
CREATE TABLE log_head (
    only_row        boolean NOT NULL DEFAULT true PRIMARY KEY CHECK (only_row),
    global_position bigint  NOT NULL CHECK (global_position >= 0)
) WITH (fillfactor = 10);

INSERT INTO log_head (global_position) VALUES (0);

-- What each idempotency key did, so that a retry answers as the first time.
CREATE TABLE requests (
    organisation         text COLLATE "C" NOT NULL CHECK (organisation <> ''),
    key                  text COLLATE "C" NOT NULL CHECK (key <> ''),
    fingerprint          text COLLATE "C" NOT NULL CHECK (fingerprint <> ''),
    first_position       bigint           NOT NULL CHECK (first_position > 0),
    last_position        bigint           NOT NULL CHECK (last_position >= first_position),
    last_global_position bigint           NOT NULL CHECK (last_global_position > 0),
    CONSTRAINT requests_pkey PRIMARY KEY (organisation, key)
);

-- The last batch of each connection that writes. When the answer to a batch is lost with its
-- connection, fencing the row tells whether the batch was committed (then its events have the global
-- positions after `after` up to `until`), and keeps it from being committed later.
CREATE TABLE writers (
    writer uuid        NOT NULL PRIMARY KEY,
    batch  bigint      NOT NULL DEFAULT 0,
    after  bigint      NOT NULL DEFAULT 0,
    until  bigint      NOT NULL DEFAULT 0,
    fenced boolean     NOT NULL DEFAULT false,
    used   timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 20);
