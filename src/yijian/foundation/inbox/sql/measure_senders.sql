WITH hours AS (
    SELECT *, hour >= $1::timestamptz - interval '24 hours' AS of_the_day,
        hour >= $1::timestamptz - interval '7 days' AS of_the_week,
        extract(epoch FROM hour - lag(hour) OVER (
            PARTITION BY institution_code, protocol, facility ORDER BY hour)) AS gap
    FROM inbox_senderhour
    WHERE hour >= $1::timestamptz - interval '28 days' AND hour <= $1::timestamptz),
figures AS (
    SELECT institution_code, protocol, facility, max(last_at) AS last_at,
        coalesce(sum(received) FILTER (WHERE of_the_day), 0) AS day_messages,
        coalesce(sum(received) FILTER (WHERE of_the_week), 0) AS week_messages,
        coalesce(sum(faults) FILTER (WHERE of_the_day), 0) AS day_faults,
        coalesce(sum(encoding_faults) FILTER (WHERE of_the_day), 0) AS day_encoding_faults,
        sum(report_seconds) FILTER (WHERE of_the_day)
            / nullif(sum(reports) FILTER (WHERE of_the_day), 0) AS report_seconds,
        sum(processing_seconds) FILTER (WHERE of_the_day)
            / nullif(sum(processed) FILTER (WHERE of_the_day), 0) AS processing_seconds,
        CASE WHEN count(gap) >= 3 THEN (array_agg(gap ORDER BY gap DESC) FILTER (WHERE gap IS NOT NULL))[
            greatest(1, floor(extract(epoch FROM $1::timestamptz - min(hour)) / 604800)::int)]
        END AS usual_gap_seconds
    FROM hours
    GROUP BY 1, 2, 3),
queues AS (
    SELECT institution_code, protocol, facility, min(received_at) AS oldest_unprocessed_at
    FROM inbox_inboxmessage
    WHERE state = 'received'
    GROUP BY 1, 2, 3)
INSERT INTO inbox_senderhealth AS known (
    institution_code, protocol, facility, measured_at, last_at, day_messages, week_messages, day_faults,
    day_encoding_faults, report_seconds, processing_seconds, usual_gap_seconds, oldest_unprocessed_at, watched)
SELECT institution_code, protocol, facility, $1::timestamptz, last_at, day_messages, week_messages, day_faults,
    day_encoding_faults, report_seconds, processing_seconds, usual_gap_seconds, oldest_unprocessed_at, true
FROM figures LEFT JOIN queues USING (institution_code, protocol, facility)
WHERE institution_code <> ''
ON CONFLICT (institution_code, protocol, facility) DO UPDATE
SET measured_at = excluded.measured_at,
    last_at = CASE WHEN known.last_at > $1::timestamptz THEN excluded.last_at
        ELSE greatest(known.last_at, excluded.last_at) END,
    day_messages = excluded.day_messages, week_messages = excluded.week_messages,
    day_faults = excluded.day_faults, day_encoding_faults = excluded.day_encoding_faults,
    report_seconds = excluded.report_seconds, processing_seconds = excluded.processing_seconds,
    usual_gap_seconds = coalesce(excluded.usual_gap_seconds, known.usual_gap_seconds),
    oldest_unprocessed_at = excluded.oldest_unprocessed_at
