SELECT known.*
FROM unnest($2::text[], $3::text[]) AS given (facility, control_id)
CROSS JOIN LATERAL (
    SELECT message_id, facility, control_id, digest, institution_code, state, reason_code, reason_text, answer
    FROM inbox_inboxmessage
    WHERE protocol = $1 AND facility = given.facility AND control_id = given.control_id
    OFFSET 0
) AS known
