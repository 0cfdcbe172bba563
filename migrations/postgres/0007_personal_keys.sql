-- Keys under which personal data in events is sealed, wrapped by a key that is not in this database. Unlike events they
-- can be destroyed: then nobody reads what was sealed with them, in any copy of the log.

CREATE TABLE personal_keys (
    organisation text COLLATE "C" NOT NULL CHECK (organisation <> ''),
    member       text COLLATE "C" NOT NULL CHECK (member <> ''),
    -- Both absent once the key was destroyed.
    kek          text COLLATE "C" CHECK (kek <> ''),
    wrapped      bytea            CHECK (length(wrapped) > 0),
    -- Microseconds since 1970 at which it was destroyed. The row stays: none is made for this member again.
    erased       bigint,
    CONSTRAINT personal_keys_pkey PRIMARY KEY (organisation, member),
    CHECK ((wrapped IS NULL) = (erased IS NOT NULL) AND (kek IS NULL) = (wrapped IS NULL))
);

-- Which key wraps the keys: its name, not the key. New keys are taken under this one only.
CREATE TABLE vault (
    single integer          NOT NULL CONSTRAINT vault_pkey PRIMARY KEY CHECK (single = 1),
    kek    text COLLATE "C" NOT NULL CHECK (kek <> '')
);

CREATE FUNCTION personal_keys_stay_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an erased key never comes back';
END $$;

CREATE FUNCTION personal_keys_are_not_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of keys are not removed: a key is erased in its row';
END $$;

CREATE TRIGGER personal_keys_stay_erased BEFORE UPDATE ON personal_keys
    FOR EACH ROW WHEN (OLD.erased IS NOT NULL) EXECUTE FUNCTION personal_keys_stay_erased();

CREATE TRIGGER personal_keys_are_not_removed BEFORE DELETE OR TRUNCATE ON personal_keys
    FOR EACH STATEMENT EXECUTE FUNCTION personal_keys_are_not_removed();
