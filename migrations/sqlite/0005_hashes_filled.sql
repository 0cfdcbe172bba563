-- From here on every event has its hashes, and nothing of it changes.

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;

CREATE TRIGGER events_have_their_hashes BEFORE INSERT ON events
BEGIN
    SELECT RAISE(ABORT, 'the hashes of the event are missing')
    WHERE length(NEW.hashes) = 0 OR length(NEW.hashes) % 32 <> 0;
END;
