INSERT INTO inbox_inboxmessage (
    message_id, received_at, protocol, institution_code, facility, control_id, message_type, lane,
    raw, digest, answer, state, reason_code, reason_text, reason_data, attempts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::text::jsonb, 0)
