-- Try a patient's code and, where it is right, record the consent. $1 person, $2 digest, $3 institution, $4 who,
-- $5 now, $6 id of the consent, $7 its end. Returns the consent, nothing where the code is wrong.
WITH tried AS (
    UPDATE consent_consentcode AS c
    SET failures = c.failures + CASE WHEN c.digest = $2::bytea THEN 0 ELSE 1 END,
        used_at = CASE WHEN c.digest = $2::bytea THEN $5::timestamptz END,
        used_by = CASE WHEN c.digest = $2::bytea THEN $4::text ELSE '' END,
        used_institution = CASE WHEN c.digest = $2::bytea THEN $3::text ELSE '' END
    WHERE c.person_id = $1 AND c.used_at IS NULL AND c.expires_at > $5::timestamptz AND c.failures < 5
      AND c.institution_code IN ('', $3::text)
    RETURNING c.scope, c.institution_code, c.used_at
)
INSERT INTO consent_consent (
    person_id, consent_id, way, scope, institution_code, consortium_code, purpose, given_at, expires_at, recorded_at,
    recorded_by, recorded_institution, guardian_name, guardian_relation, document_key, document_type, evidence,
    withdrawn_by)
SELECT $1, $6::uuid, 'code', scope, $3::text, '', '', $5::timestamptz, $7::timestamptz, $5::timestamptz,
       $4::text, $3::text, '', '', '', '', '', ''
FROM tried
WHERE used_at IS NOT NULL
RETURNING consent_id
