SELECT message_id, state, reason_code, reason_text
FROM inbox_inboxmessage
WHERE message_id = ANY ($1::uuid[]) AND state <> 'received'
