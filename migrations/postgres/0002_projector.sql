-- What the projector knows of the tables that it keeps. The tables themselves are not made by
-- migrations: they are made, filled and dropped a generation at a time.

CREATE TABLE projection_generations (
    generation bigint           NOT NULL PRIMARY KEY CHECK (generation > 0),
    -- Which tables, columns and rules it was made by; a program with others does not touch it.
    format     text COLLATE "C" NOT NULL CHECK (format <> ''),
    -- Global position of the last event that is in its tables.
    checkpoint bigint           NOT NULL CHECK (checkpoint >= 0),
    -- Whether the views show this one.
    live       boolean          NOT NULL
) WITH (fillfactor = 10);

CREATE UNIQUE INDEX projection_generations_one_is_live ON projection_generations (live) WHERE live;

-- Numbers of generations are not used again.
CREATE TABLE projection_numbers (
    only_row boolean NOT NULL DEFAULT true PRIMARY KEY CHECK (only_row),
    last     bigint  NOT NULL CHECK (last >= 0)
);

INSERT INTO projection_numbers (last) VALUES (0);

-- The event at which the projector stopped, if it did.
CREATE TABLE projection_failure (
    only_row        boolean          NOT NULL DEFAULT true PRIMARY KEY CHECK (only_row),
    global_position bigint           NOT NULL,
    organisation    text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    event_type      text COLLATE "C" NOT NULL,
    reason          text COLLATE "C" NOT NULL,
    program         text COLLATE "C" NOT NULL,
    -- Microseconds since 1970-01-01T00:00:00Z, by the projector's clock.
    time            bigint           NOT NULL
);

-- Organisations that a generation leaves out, from an event on that could not be projected: their
-- rows end there. Kept for good, also when the generation is gone.
CREATE TABLE projection_omissions (
    generation      bigint           NOT NULL,
    organisation    text COLLATE "C" NOT NULL,
    position        bigint           NOT NULL,
    global_position bigint           NOT NULL,
    event_type      text COLLATE "C" NOT NULL,
    failure         text COLLATE "C" NOT NULL,
    reason          text COLLATE "C" NOT NULL,
    time            bigint           NOT NULL,
    PRIMARY KEY (generation, organisation)
);
