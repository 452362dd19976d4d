-- Newest rows per item of reports as they stood at $3, by the institutions' own clocks.
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
    JOIN results_report AS p ON p.person_id = r.person_id AND p.report_id = r.report_id
    JOIN results_reportversion AS v
      ON v.person_id = r.person_id AND v.report_id = r.report_id AND v.version = r.version
    WHERE r.person_id = $1 AND r.item_code = wanted.item_code
      AND r.effective_at <= $3 AND (p.voided_at IS NULL OR p.voided_at > $3)
      AND r.version = (
          SELECT w.version
          FROM results_reportversion AS w
          WHERE w.person_id = r.person_id AND w.report_id = r.report_id AND w.reported_at <= $3
          ORDER BY w.reported_at DESC,
                   array_position(ARRAY['preliminary', 'final', 'corrected'], w.status::text) DESC,
                   w.version DESC
          LIMIT 1
      )
    ORDER BY r.effective_at DESC
    LIMIT 100
) AS r
