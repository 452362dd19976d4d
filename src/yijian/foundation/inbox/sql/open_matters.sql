WITH matters AS (
    SELECT institution_code, kind, subject, count(*) AS number, min(opened_at) AS opened_at,
           (array_agg(detail ORDER BY opened_at))[1] AS detail,
           (array_agg(message_id ORDER BY opened_at) FILTER (WHERE message_id IS NOT NULL))[1] AS message_id
    FROM inbox_workitem
    WHERE resolved_at IS NULL AND kind = $1 AND ($2::text[] IS NULL OR institution_code = ANY ($2))
    GROUP BY institution_code, kind, subject)
SELECT m.institution_code, m.kind, m.subject, m.detail, m.message_id, m.opened_at, m.number,
       coalesce(o.owner, '') AS owner
FROM matters AS m
LEFT JOIN inbox_matterowner AS o
    ON o.institution_code = m.institution_code AND o.kind = m.kind AND o.subject = m.subject
    AND o.assigned_at >= m.opened_at
WHERE ($3::text IS NULL OR coalesce(o.owner, '') = $3)
    AND ($4::bigint IS NULL
         OR (-m.number, m.opened_at, m.institution_code, m.subject) > ($4, $5::timestamptz, $6::text, $7::text))
ORDER BY -m.number, m.opened_at, m.institution_code, m.subject
LIMIT $8
