SELECT message_id, facility, control_id, digest, institution_code, state, reason_code, reason_text, answer
FROM inbox_hold($1, $2, $3)
