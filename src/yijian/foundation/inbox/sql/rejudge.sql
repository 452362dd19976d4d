UPDATE inbox_inboxmessage
SET institution_code = $2, lane = $3, answer = $4, state = $5, reason_code = $6, reason_text = $7,
    reason_data = $8::text::jsonb,
    attempts = 0, next_attempt_at = NULL, processed_at = NULL
WHERE message_id = $1 AND state = 'refused'
