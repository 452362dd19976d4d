SELECT kind, count(DISTINCT (institution_code, subject)) AS matters, count(*) AS items
FROM inbox_workitem
WHERE resolved_at IS NULL AND ($1::text[] IS NULL OR institution_code = ANY ($1))
GROUP BY kind
