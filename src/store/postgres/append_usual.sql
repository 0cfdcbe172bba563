-- A batch that meets nothing unusual: every organisation is there and at the head that its request
-- expects, no request has an idempotency key, and every text is JSON. It is half the work of
-- `append.sql` for the server. When anything is otherwise than expected the division fails and undoes
-- the statement, and the batch goes through `append.sql`.
--
-- What `append.sql` says of locks holds here as well: nothing is decided by reading.
WITH locked AS MATERIALIZED (
    SELECT pg_advisory_xact_lock($1) AS lock
), moved AS (
    UPDATE organisations AS o SET position = r.next, time = r.last_time
    FROM locked, unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
        AS r (organisation, expected, next, first_time, last_time)
    WHERE o.organisation = r.organisation AND o.position = r.expected AND o.time <= r.first_time
    RETURNING r.next - r.expected AS count
), counted AS (
    UPDATE log_head SET global_position = log_head.global_position + batch.events
    FROM (SELECT sum(count)::bigint AS events, count(*) AS requests FROM moved) AS batch
    WHERE batch.requests = cardinality($4)
    RETURNING log_head.global_position - batch.events AS after, log_head.global_position AS until
), noted AS (
    UPDATE writers SET batch = $3, after = c.after, until = c.until, used = now()
    FROM counted AS c WHERE writers.writer = $2 AND NOT writers.fenced
    RETURNING writers.after
), written AS (
    INSERT INTO events (global_position, organisation, position, aggregate_type, aggregate_id, sequence, event_type,
                        event_version, payload, metadata, time, hashes)
    SELECT c.after + e.number, e.organisation, e.position, e.aggregate_type, e.aggregate_id, e.sequence, e.event_type,
           e.event_version, e.payload, e.metadata, e.time, e.hashes
    FROM counted AS c, unnest($9::bigint[], $10::text[], $11::bigint[], $12::text[], $13::text[], $14::bigint[],
                              $15::text[], $16::text[], $17::json[], $18::json[], $19::bigint[], $20::bytea[])
        AS e (number, organisation, position, aggregate_type, aggregate_id, sequence, event_type, event_version,
              payload, metadata, time, hashes)
)
SELECT coalesce(max(after), 0) / count(*) AS after FROM noted
