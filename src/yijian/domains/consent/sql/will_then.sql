-- What stood of a person's will at a moment as JSON text, no row where nobody had said anything. $1 person, $2 moment.
SELECT json_build_object(
    'consents', coalesce(c.standing, '[]'), 'objections', coalesce(o.standing, '[]'),
    'openings', coalesce(b.standing, '[]'), 'withdrawn_at', c.withdrawn_at)::text AS will
FROM (
    SELECT json_agg(json_build_object(
               'consent_id', consent_id, 'way', way, 'scope', scope, 'given_at', given_at, 'expires_at', expires_at,
               'institution_code', institution_code, 'consortium_code', consortium_code, 'purpose', purpose))
               FILTER (WHERE recorded_at <= $2::timestamptz AND expires_at > $2::timestamptz
                         AND (withdrawn_at IS NULL OR withdrawn_at > $2::timestamptz)) AS standing,
           max(withdrawn_at) FILTER (WHERE withdrawn_at <= $2::timestamptz) AS withdrawn_at
    FROM consent_consent
    WHERE person_id = $1
) AS c
CROSS JOIN (
    SELECT json_agg(json_build_object(
               'objection_id', objection_id, 'kind', kind, 'sensitivities', sensitivities,
               'institution_code', institution_code, 'purpose', purpose)) AS standing
    FROM consent_objection
    WHERE person_id = $1 AND made_at <= $2::timestamptz AND (lifted_at IS NULL OR lifted_at > $2::timestamptz)
) AS o
CROSS JOIN (
    SELECT json_agg(json_build_object(
               'opening_id', opening_id, 'institution_code', institution_code, 'ends_at', ends_at)) AS standing
    FROM consent_breakglass
    WHERE person_id = $1 AND opened_at <= $2::timestamptz AND ends_at > $2::timestamptz
) AS b
WHERE c.standing IS NOT NULL OR c.withdrawn_at IS NOT NULL OR o.standing IS NOT NULL OR b.standing IS NOT NULL
