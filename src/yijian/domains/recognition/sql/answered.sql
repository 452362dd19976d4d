-- Items already decided in an encounter. $1 person, $2 institution, $3 encounter type, $4 its number, $5 moment.
SELECT DISTINCT d.item_code
FROM recognition_match AS m
JOIN recognition_decision AS d ON d.person_id = m.person_id AND d.match_id = m.match_id
WHERE m.person_id = $1 AND m.institution_code = $2 AND m.encounter_type = $3 AND m.encounter_no = $4
  AND d.decided_at <= $5
