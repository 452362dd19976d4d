SELECT pg_advisory_xact_lock(hashtextextended('inbox ' || facility, 0))
FROM (SELECT DISTINCT facility FROM unnest($1::text[]) AS given (facility) ORDER BY facility) AS sorted
