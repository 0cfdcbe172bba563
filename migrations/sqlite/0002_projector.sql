-- What the projector knows of the tables that it keeps. The tables themselves are not made by
-- migrations: they are made, filled and dropped a generation at a time.

CREATE TABLE projection_generations (
    generation INTEGER PRIMARY KEY CHECK (generation > 0),
    -- Which tables, columns and rules it was made by; a program with others does not touch it.
    format     TEXT    NOT NULL CHECK (format <> ''),
    -- Global position of the last event that is in its tables.
    checkpoint INTEGER NOT NULL CHECK (checkpoint >= 0),
    -- Whether the views show this one.
    live       INTEGER NOT NULL CHECK (live IN (0, 1))
) STRICT;

CREATE UNIQUE INDEX projection_generations_one_is_live ON projection_generations (live) WHERE live = 1;

-- Numbers of generations are not used again.
CREATE TABLE projection_numbers (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    last     INTEGER NOT NULL CHECK (last >= 0)
) STRICT;

INSERT INTO projection_numbers (only_row, last) VALUES (1, 0);

-- The event at which the projector stopped, if it did.
CREATE TABLE projection_failure (
    only_row        INTEGER PRIMARY KEY CHECK (only_row = 1),
    global_position INTEGER NOT NULL,
    organisation    TEXT    NOT NULL,
    position        INTEGER NOT NULL,
    event_type      TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    program         TEXT    NOT NULL,
    -- Microseconds since 1970-01-01T00:00:00Z, by the projector's clock.
    time            INTEGER NOT NULL
) STRICT;

-- Organisations that a generation leaves out, from an event on that could not be projected: their
-- rows end there. Kept for good, also when the generation is gone.
CREATE TABLE projection_omissions (
    generation      INTEGER NOT NULL,
    organisation    TEXT    NOT NULL,
    position        INTEGER NOT NULL,
    global_position INTEGER NOT NULL,
    event_type      TEXT    NOT NULL,
    failure         TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    time            INTEGER NOT NULL,
    PRIMARY KEY (generation, organisation)
) STRICT;
