INSERT INTO inbox_senderhour AS counted (
    institution_code, protocol, facility, hour, received, faults, encoding_faults, last_at, reports,
    report_seconds, processed, processing_seconds)
SELECT institution_code, protocol, facility, date_trunc('hour', received_at), count(*),
    count(*) FILTER (WHERE state IN ('refused', 'failed')),
    count(*) FILTER (WHERE reason_data ->> 'place' = 'MSH-18'
        OR reason_data -> 'notes' @? '$[*][0] ? (@ starts with "encoding.")'),
    max(received_at),
    count(*) FILTER (WHERE reported_at <= received_at),
    coalesce(extract(epoch FROM sum(received_at - reported_at) FILTER (WHERE reported_at <= received_at)), 0),
    count(processed_at),
    coalesce(extract(epoch FROM sum(processed_at - received_at)), 0)
FROM inbox_inboxmessage
WHERE message_id >= $1 AND message_id < $2
GROUP BY 1, 2, 3, 4
ON CONFLICT (institution_code, protocol, facility, hour) DO UPDATE
SET received = excluded.received, faults = excluded.faults, encoding_faults = excluded.encoding_faults,
    last_at = excluded.last_at, reports = excluded.reports, report_seconds = excluded.report_seconds,
    processed = excluded.processed, processing_seconds = excluded.processing_seconds
