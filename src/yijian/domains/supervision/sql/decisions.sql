-- Decisions on reminders, by institution, item, kind and reason. $1 institutions, $2 from, $3 until.
SELECT d.institution_code, d.item_code, d.decision, d.reason_code, d.regional_code, d.technical_code,
       count(*) AS decisions, coalesce(sum(d.estimated_saving), 0) AS saving
FROM recognition_decision AS d
JOIN recognition_matchitem AS i
  ON i.person_id = d.person_id AND i.match_id = d.match_id AND i.sequence = d.sequence
WHERE i.reminder AND d.institution_code = ANY ($1::text[]) AND d.decided_at >= $2 AND d.decided_at < $3
GROUP BY d.institution_code, d.item_code, d.decision, d.reason_code, d.regional_code, d.technical_code
