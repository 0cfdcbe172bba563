-- From here on every event has its hashes, and nothing of it changes.

ALTER TABLE events
    ALTER COLUMN hashes SET NOT NULL,
    ADD CONSTRAINT events_hashes_check CHECK (octet_length(hashes) > 0 AND octet_length(hashes) % 32 = 0);

ALTER TABLE events ENABLE ALWAYS TRIGGER events_are_never_changed;
