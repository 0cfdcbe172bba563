-- Each event's row keeps the hashes that are final with it (RFC 6962): its own as a leaf, and those of the
-- interior nodes whose last leaf it is. The node (level, index) stands in the row of position
-- (index + 1) << level, at byte 32 * level. 64 bytes an event, on average.

ALTER TABLE events ADD COLUMN hashes bytea;

-- Until the hashes of the events so far are filled in; the next migration brings it back.
ALTER TABLE events DISABLE TRIGGER events_are_never_changed;

-- Signed statements of an organisation's size and root, all of them.
CREATE TABLE log_checkpoints (
    organisation text COLLATE "C" NOT NULL CHECK (organisation <> ''),
    size         bigint           NOT NULL CHECK (size > 0),
    -- The public key, as a signed note's verifiers are written.
    verifier     text COLLATE "C" NOT NULL CHECK (verifier <> ''),
    note         text COLLATE "C" NOT NULL CHECK (note <> ''),
    -- Microseconds since 1970-01-01T00:00:00Z.
    time         bigint           NOT NULL,
    CONSTRAINT log_checkpoints_pkey PRIMARY KEY (organisation, size, verifier)
);

CREATE FUNCTION log_checkpoints_are_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'checkpoints are never changed or removed' USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER log_checkpoints_are_never_changed BEFORE UPDATE ON log_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION log_checkpoints_are_only_added();
CREATE TRIGGER log_checkpoints_are_never_removed BEFORE DELETE ON log_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION log_checkpoints_are_only_added();
CREATE TRIGGER log_checkpoints_are_never_truncated BEFORE TRUNCATE ON log_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION log_checkpoints_are_only_added();

ALTER TABLE log_checkpoints ENABLE ALWAYS TRIGGER log_checkpoints_are_never_changed;
ALTER TABLE log_checkpoints ENABLE ALWAYS TRIGGER log_checkpoints_are_never_removed;
ALTER TABLE log_checkpoints ENABLE ALWAYS TRIGGER log_checkpoints_are_never_truncated;
