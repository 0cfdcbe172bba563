-- Each event's row keeps the hashes that are final with it (RFC 6962): its own as a leaf, and those of the
-- interior nodes whose last leaf it is. The node (level, index) stands in the row of position
-- (index + 1) << level, at byte 32 * level. 64 bytes an event, on average.

ALTER TABLE events ADD COLUMN hashes BLOB NOT NULL DEFAULT x'';

-- Until the hashes of the events so far are filled in; the next migration brings it back.
DROP TRIGGER events_are_never_changed;

-- Signed statements of an organisation's size and root, all of them.
CREATE TABLE log_checkpoints (
    organisation TEXT    NOT NULL CHECK (organisation <> ''),
    size         INTEGER NOT NULL CHECK (size > 0),
    -- The public key, as a signed note's verifiers are written.
    verifier     TEXT    NOT NULL CHECK (verifier <> ''),
    note         TEXT    NOT NULL CHECK (note <> ''),
    -- Microseconds since 1970-01-01T00:00:00Z.
    time         INTEGER NOT NULL,
    PRIMARY KEY (organisation, size, verifier)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER log_checkpoints_are_never_changed BEFORE UPDATE ON log_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'checkpoints are never changed');
END;

CREATE TRIGGER log_checkpoints_are_never_removed BEFORE DELETE ON log_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'checkpoints are never removed');
END;

-- REPLACE removes a row without firing the trigger above.
CREATE TRIGGER log_checkpoints_are_never_replaced BEFORE INSERT ON log_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'this checkpoint is there already')
    WHERE EXISTS (
        SELECT 1 FROM log_checkpoints
        WHERE organisation = NEW.organisation AND size = NEW.size AND verifier = NEW.verifier
    );
END;
