WITH held AS MATERIALIZED (
    SELECT message_id FROM inbox_hold($1, $2, $3)
), added AS (
    INSERT INTO inbox_inboxmessage (
        message_id, received_at, protocol, institution_code, facility, control_id, message_type, lane,
        raw, digest, answer, state, reason_code, reason_text, reason_data, attempts)
    SELECT message_id, received_at, $1, institution_code, facility, control_id, message_type, lane,
        raw, digest, answer, state, reason_code, reason_text, reason_data::jsonb, 0
    FROM unnest(
        $4::uuid[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[], $10::smallint[],
        $11::bytea[], $12::bytea[], $13::bytea[], $14::text[], $15::text[], $16::text[], $17::text[]
    ) AS new (
        message_id, received_at, institution_code, facility, control_id, message_type, lane,
        raw, digest, answer, state, reason_code, reason_text, reason_data)
    WHERE NOT EXISTS (SELECT FROM held)
    RETURNING message_id
)
SELECT count(*) AS added FROM added
