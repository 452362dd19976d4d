SELECT asked.institution_code, asked.order_no
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS asked (person_id, institution_code, order_no)
WHERE EXISTS (
        SELECT FROM results_report AS report
        JOIN results_reportversion AS version
            ON version.person_id = report.person_id AND version.report_id = report.report_id
        WHERE report.person_id = asked.person_id AND report.institution_code = asked.institution_code
            AND version.body ->> 'order_no' IN (asked.order_no, split_part(asked.order_no, '#', 1)))
    OR EXISTS (
        SELECT FROM results_orderfact AS fact
        WHERE fact.person_id = asked.person_id AND fact.institution_code = asked.institution_code
            AND fact.order_no = asked.order_no AND fact.state = 'cancelled')
