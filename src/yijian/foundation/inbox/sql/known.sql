SELECT message_id, facility, control_id, digest, institution_code, state, reason_code, reason_text, answer
FROM inbox_inboxmessage
JOIN unnest($2::text[], $3::text[]) AS given (facility, control_id) USING (facility, control_id)
WHERE protocol = $1
