-- Types that are made of others, or of labels: identifier, what it is made of, and what constrains it.
SELECT json_build_object(
    'oid', t.oid::text,
    'kind', CASE WHEN typcategory = 'A' THEN 'a' ELSE typtype::text END,
    'of', CASE WHEN typcategory = 'A' THEN typelem WHEN typtype = 'd' THEN typbasetype ELSE coalesce(r.rngsubtype, m.rngtypid, 0) END::text,
    'labels', (SELECT json_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid),
    'text', coalesce((SELECT string_agg(pg_get_constraintdef(c.oid), ' ') FROM pg_constraint AS c WHERE contypid = t.oid), ''))
FROM pg_type AS t
LEFT JOIN pg_range AS r ON r.rngtypid = t.oid
LEFT JOIN pg_range AS m ON m.rngmultitypid = t.oid
WHERE typcategory = 'A' OR typtype IN ('d', 'e', 'r', 'm')
