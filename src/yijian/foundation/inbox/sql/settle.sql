UPDATE inbox_inboxmessage AS message
SET state = fate.state,
    reason_code = fate.reason_code,
    reason_text = fate.reason_text,
    reason_data = fate.reason_data,
    made = fate.made,
    reported_at = fate.reported_at,
    next_attempt_at = NULL,
    processed_at = $2
FROM jsonb_to_recordset($1) AS fate (
    message_id uuid,
    state text,
    reason_code text,
    reason_text text,
    reason_data jsonb,
    made jsonb,
    reported_at timestamptz
)
WHERE message.message_id = fate.message_id
