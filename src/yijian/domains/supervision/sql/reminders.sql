-- Reminders and views by institution and item. $1 institutions, $2 from (inclusive), $3 until (exclusive).
SELECT i.institution_code, i.item_code, count(*) AS reminders,
       count(*) FILTER (WHERE EXISTS (
           SELECT FROM recognition_matchview AS v
           WHERE v.person_id = i.person_id AND v.match_id = i.match_id AND v.sequence = i.sequence
       )) AS views
FROM recognition_matchitem AS i
WHERE i.reminder AND i.institution_code = ANY ($1::text[]) AND i.matched_at >= $2 AND i.matched_at < $3
GROUP BY i.institution_code, i.item_code
