-- Keys under which personal data in events is sealed, wrapped by a key that is not in this file. Unlike events they can
-- be destroyed: then nobody reads what was sealed with them, in any copy of the log.

CREATE TABLE personal_keys (
    organisation TEXT    NOT NULL CHECK (organisation <> ''),
    member       TEXT    NOT NULL CHECK (member <> ''),
    -- Both absent once the key was destroyed.
    kek          TEXT    CHECK (kek <> ''),
    wrapped      BLOB    CHECK (length(wrapped) > 0),
    -- Microseconds since 1970 at which it was destroyed. The row stays: none is made for this member again.
    erased       INTEGER,
    PRIMARY KEY (organisation, member),
    CHECK ((wrapped IS NULL) = (erased IS NOT NULL) AND (kek IS NULL) = (wrapped IS NULL))
) STRICT;

-- Which key wraps the keys: its name, not the key. New keys are taken under this one only.
CREATE TABLE vault (
    single INTEGER NOT NULL PRIMARY KEY CHECK (single = 1),
    kek    TEXT    NOT NULL CHECK (kek <> '')
) STRICT;

CREATE TRIGGER personal_keys_stay_erased BEFORE UPDATE ON personal_keys WHEN OLD.erased IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'an erased key never comes back');
END;

CREATE TRIGGER personal_keys_are_not_removed BEFORE DELETE ON personal_keys
BEGIN
    SELECT RAISE(ABORT, 'rows of keys are not removed: a key is erased in its row');
END;
