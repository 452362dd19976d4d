-- Citations by institution and item. $1 institutions, $2 from, $3 until.
SELECT c.institution_code, i.item_code, count(*) AS citations
FROM recognition_citation AS c
JOIN recognition_matchitem AS i
  ON i.person_id = c.person_id AND i.match_id = c.match_id AND i.sequence = c.sequence
WHERE c.institution_code = ANY ($1::text[]) AND c.cited_at >= $2 AND c.cited_at < $3
GROUP BY c.institution_code, i.item_code
