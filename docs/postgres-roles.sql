-- Run as the owner of the schema, in its database. The owner runs migrations (`Access::Create`, and the
-- first `chancery` command of a new version); services connect as this role, and can only append.
CREATE ROLE chancery_application LOGIN;
GRANT USAGE ON SCHEMA chancery TO chancery_application;
GRANT SELECT ON ALL TABLES IN SCHEMA chancery TO chancery_application;
GRANT INSERT ON chancery.events, chancery.requests TO chancery_application;
GRANT INSERT, UPDATE ON chancery.organisations TO chancery_application;
GRANT UPDATE ON chancery.log_head TO chancery_application;
GRANT INSERT, UPDATE, DELETE ON chancery.writers TO chancery_application;

-- The projector's role: `chancery projections run`, `rebuild` and `verify`. It makes, fills and drops the tables behind
-- the views of docs/sql.md, which belong to it for that reason, and cannot append.
CREATE ROLE chancery_projector LOGIN;
GRANT USAGE, CREATE ON SCHEMA chancery TO chancery_projector;
GRANT SELECT ON ALL TABLES IN SCHEMA chancery TO chancery_projector;
GRANT INSERT, DELETE ON chancery.writers TO chancery_projector;
GRANT UPDATE ON chancery.projection_numbers TO chancery_projector;
GRANT INSERT, UPDATE, DELETE ON chancery.projection_generations, chancery.projection_failure TO chancery_projector;
GRANT INSERT ON chancery.projection_omissions TO chancery_projector;
-- What it makes, the services may read; give it to roles of auditors in the same way.
GRANT chancery_projector TO CURRENT_USER;
ALTER DEFAULT PRIVILEGES FOR ROLE chancery_projector IN SCHEMA chancery GRANT SELECT ON TABLES TO chancery_application;
-- What the owner's projector made before becomes the role's. No projector may be running.
DO $$
DECLARE
    made text;
BEGIN
    FOR made IN
        SELECT format('%s %s', CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, oid::regclass)
        FROM pg_class
        WHERE relnamespace = 'chancery'::regnamespace AND (relkind = 'v' OR relkind = 'r' AND relname ~ '^g[0-9]+_')
        UNION ALL
        SELECT format('FUNCTION %s', oid::regprocedure)
        FROM pg_proc
        WHERE pronamespace = 'chancery'::regnamespace AND prorettype <> 'trigger'::regtype
    LOOP
        EXECUTE format('ALTER %s OWNER TO chancery_projector', made);
    END LOOP;
END
$$;
