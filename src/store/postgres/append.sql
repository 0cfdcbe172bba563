-- One batch of appends, at most one request per organisation, in one statement and so one commit.
--
-- A statement sees the log as it was when the statement began, which is before it got the lock. So
-- nothing here is decided by reading: heads are compared by UPDATE, which waits for the newest row
-- version and looks at that, and unique indexes stand behind the rest.
WITH locked AS MATERIALIZED (
    -- One batch at a time in the whole store, until it is committed: global positions are given in
    -- the order in which they become visible, and batches cannot deadlock on each other's heads.
    SELECT pg_advisory_xact_lock($1) AS lock
), writer AS MATERIALIZED (
    -- A fenced connection was given up for lost: what it still sends must not happen.
    SELECT writers.writer FROM locked, writers WHERE writers.writer = $2 AND NOT writers.fenced
    FOR UPDATE OF writers
), request AS MATERIALIZED (
    SELECT * FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[], $10::text[])
        WITH ORDINALITY AS r (organisation, expected, count, first_time, last_time, key, fingerprint, number)
    WHERE NOT EXISTS (SELECT FROM requests AS q WHERE q.organisation = r.organisation AND q.key = r.key)
), moved AS (
    UPDATE organisations AS o SET position = r.expected + r.count, time = r.last_time
    FROM writer, request AS r
    WHERE o.organisation = r.organisation AND o.position = r.expected AND o.time <= r.first_time
    RETURNING r.number
), founded AS (
    INSERT INTO organisations (organisation, position, time)
    SELECT r.organisation, r.count, r.last_time FROM writer, request AS r WHERE r.expected = 0
    ON CONFLICT DO NOTHING
    RETURNING organisation
), accepted AS MATERIALIZED (
    SELECT r.*, (sum(r.count) OVER (ORDER BY r.number))::bigint AS through
    FROM request AS r
    WHERE r.number IN (SELECT number FROM moved)
       OR (r.expected = 0 AND r.organisation IN (SELECT organisation FROM founded))
), counted AS (
    UPDATE log_head SET global_position = log_head.global_position + batch.events
    FROM (SELECT max(through) AS events FROM accepted) AS batch
    WHERE batch.events > 0
    RETURNING log_head.global_position - batch.events AS after, log_head.global_position AS until
), placed AS MATERIALIZED (
    SELECT a.*, c.after + a.through - a.count AS after FROM accepted AS a, counted AS c
), written AS (
    INSERT INTO events (global_position, organisation, position, aggregate_type, aggregate_id, sequence, event_type,
                        event_version, payload, payload_text, metadata, metadata_text, time, hashes)
    SELECT p.after + e.index, p.organisation, p.expected + e.index, e.aggregate_type, e.aggregate_id, e.sequence,
           e.event_type, e.event_version, e.payload, e.payload_text, e.metadata, e.metadata_text, e.time, e.hashes
    FROM unnest($11::bigint[], $12::bigint[], $13::text[], $14::text[], $15::bigint[], $16::text[], $17::text[],
                $18::json[], $19::text[], $20::json[], $21::text[], $22::bigint[], $23::bytea[])
        AS e (number, index, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, payload_text,
              metadata, metadata_text, time, hashes)
    JOIN placed AS p ON p.number = e.number
), remembered AS (
    INSERT INTO requests (organisation, key, fingerprint, first_position, last_position, last_global_position)
    SELECT p.organisation, p.key, p.fingerprint, p.expected + 1, p.expected + p.count, p.after + p.count
    FROM placed AS p WHERE p.key IS NOT NULL
), noted AS (
    UPDATE writers SET batch = $3, after = c.after, until = c.until, used = now()
    FROM counted AS c WHERE writers.writer = $2
)
SELECT p.number, p.after + p.count AS last_global_position FROM writer LEFT JOIN placed AS p ON true
