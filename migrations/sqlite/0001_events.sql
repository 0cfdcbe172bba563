-- The event log. The columns aggregate_type … metadata are those of `cqrs-es`' SQL repositories.
-- Names compare byte by byte (BINARY is SQLite's default collation): `Acme` is not `acme`.

CREATE TABLE events (
    global_position INTEGER PRIMARY KEY CHECK (global_position > 0),
    organisation    TEXT    NOT NULL CHECK (organisation <> ''),
    position        INTEGER NOT NULL CHECK (position > 0),
    aggregate_type  TEXT    NOT NULL CHECK (aggregate_type <> ''),
    aggregate_id    TEXT    NOT NULL CHECK (aggregate_id <> ''),
    sequence        INTEGER NOT NULL CHECK (sequence > 0),
    event_type      TEXT    NOT NULL CHECK (event_type <> ''),
    event_version   TEXT    NOT NULL CHECK (event_version <> ''),
    payload         TEXT    NOT NULL CHECK (payload <> ''),
    metadata        TEXT    NOT NULL CHECK (metadata <> ''),
    -- Microseconds since 1970-01-01T00:00:00Z.
    time            INTEGER NOT NULL,
    UNIQUE (organisation, position),
    UNIQUE (aggregate_type, aggregate_id, sequence)
) STRICT;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;

CREATE TRIGGER events_are_never_removed BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never removed');
END;

-- REPLACE removes the row in its way without firing the trigger above (unless a connection turns
-- recursive_triggers on, which a stranger's does not), so an event in the way is refused first.
CREATE TRIGGER events_are_only_added_at_the_end BEFORE INSERT ON events
BEGIN
    SELECT RAISE(ABORT, 'the global position is not the next one')
    WHERE NEW.global_position <> (SELECT coalesce(max(global_position), 0) + 1 FROM events);
    SELECT RAISE(ABORT, 'the organisation''s position is taken')
    WHERE EXISTS (SELECT 1 FROM events WHERE organisation = NEW.organisation AND position = NEW.position);
    SELECT RAISE(ABORT, 'the stream''s sequence is taken')
    WHERE EXISTS (
        SELECT 1 FROM events
        WHERE aggregate_type = NEW.aggregate_type AND aggregate_id = NEW.aggregate_id AND sequence = NEW.sequence
    );
END;

-- The head of each organisation's log: what an append is checked against.
CREATE TABLE organisations (
    organisation TEXT    NOT NULL PRIMARY KEY CHECK (organisation <> ''),
    position     INTEGER NOT NULL CHECK (position > 0),
    time         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What each idempotency key did, so that a retry answers as the first time.
CREATE TABLE requests (
    organisation         TEXT    NOT NULL CHECK (organisation <> ''),
    key                  TEXT    NOT NULL CHECK (key <> ''),
    fingerprint          TEXT    NOT NULL CHECK (fingerprint <> ''),
    first_position       INTEGER NOT NULL CHECK (first_position > 0),
    last_position        INTEGER NOT NULL CHECK (last_position >= first_position),
    last_global_position INTEGER NOT NULL CHECK (last_global_position > 0),
    PRIMARY KEY (organisation, key)
) STRICT, WITHOUT ROWID;
