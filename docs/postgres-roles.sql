-- Run as the owner of the schema, in its database. The owner runs migrations (`Access::Create`, and the
-- first `chancery` command of a new version); services connect as this role, and can only append.
CREATE ROLE chancery_application LOGIN;
GRANT USAGE ON SCHEMA chancery TO chancery_application;
GRANT SELECT ON ALL TABLES IN SCHEMA chancery TO chancery_application;
GRANT INSERT ON chancery.events, chancery.requests TO chancery_application;
GRANT INSERT, UPDATE ON chancery.organisations TO chancery_application;
GRANT UPDATE ON chancery.log_head TO chancery_application;
GRANT INSERT, UPDATE, DELETE ON chancery.writers TO chancery_application;
GRANT INSERT, UPDATE ON chancery.personal_keys, chancery.vault TO chancery_application;
