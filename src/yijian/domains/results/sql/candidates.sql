-- Newest rows per item of reports as they stand now. $1 person, $2 item codes, $3 moment of the question.
SELECT r.*,
       (SELECT array_agg(o.occurred_at)
        FROM results_orderfact AS o
        WHERE o.person_id = $1 AND o.intervention AND o.state = 'executed'
          AND o.occurred_at <= $3::timestamptz
          AND o.occurred_at > $3::timestamptz - interval '90 days') AS interventions
FROM unnest($2::text[]) AS wanted (item_code)
CROSS JOIN LATERAL (
    SELECT r.report_id, r.version, r.row_no, r.institution_code, r.item_code, r.name, r.status, r.effective_at,
       r.reported_at, r.value, r.unit, r.reference_range, r.flag, r.critical, r.comment, r.comparable_value,
       r.comparable_unit, r.unit_state, r.specimen, r.specimen_name, r.method_class, r.body_site, r.laterality,
       r.contrast, r.image_status, r.image_url, v.document_key <> '' AS has_document
    FROM results_result AS r
    JOIN results_report AS p
      ON p.person_id = r.person_id AND p.report_id = r.report_id AND p.current_version = r.version
    JOIN results_reportversion AS v
      ON v.person_id = r.person_id AND v.report_id = r.report_id AND v.version = r.version
    WHERE r.person_id = $1 AND r.item_code = wanted.item_code AND p.voided_at IS NULL
    ORDER BY r.effective_at DESC
    LIMIT 100
) AS r
