-- Results found but not recognisable, and what was accepted of them on judgement. $1 institutions, $2, $3.
SELECT count(*) AS found,
       count(*) FILTER (WHERE d.decision = 'accept') AS accepted
FROM recognition_matchitem AS i
LEFT JOIN recognition_decision AS d
  ON d.person_id = i.person_id AND d.match_id = i.match_id AND d.sequence = i.sequence
WHERE i.outcome = 'not_recognisable' AND i.parent IS NULL
  AND i.institution_code = ANY ($1::text[]) AND i.matched_at >= $2 AND i.matched_at < $3
