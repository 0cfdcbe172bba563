-- Why requests of a batch were not accepted: the head, and what their idempotency keys did before.
SELECT r.number, o.position, o.time, q.fingerprint, q.first_position, q.last_position, q.last_global_position
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS r (organisation, key, number)
LEFT JOIN organisations AS o ON o.organisation = r.organisation
LEFT JOIN requests AS q ON q.organisation = r.organisation AND q.key = r.key
