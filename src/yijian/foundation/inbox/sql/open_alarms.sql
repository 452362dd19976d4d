SELECT kind, count(*) AS number, count(*) FILTER (WHERE acknowledged_at IS NULL) AS unseen
FROM inbox_alarm
WHERE closed_at IS NULL
GROUP BY kind
