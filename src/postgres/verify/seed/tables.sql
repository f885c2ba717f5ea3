-- What rows of a table must satisfy: one JSON for each table of the users that rows can be put into.
SELECT json_build_object(
    'oid', c.oid::text,
    'name', format('%I.%I', nspname, relname),
    'schema', nspname,
    'table', relname,
    'columns', (
        SELECT coalesce(json_agg(json_build_object(
            'number', attnum,
            'name', quote_ident(attname),
            'type', format_type(atttypid, atttypmod),
            'typeId', atttypid::text,
            'required', attnotnull,
            'default', atthasdef OR attidentity <> '') ORDER BY attnum), '[]')
        FROM pg_attribute
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''),
    'constraints', (
        SELECT coalesce(json_agg(json_build_object(
            'name', conname,
            'columns', conkey,
            'text', CASE contype WHEN 'c' THEN pg_get_constraintdef(o.oid) ELSE '' END,
            'parent', CASE contype WHEN 'f' THEN confrelid::text END,
            'parentName', CASE contype WHEN 'f' THEN confrelid::regclass::text END,
            'parentColumns', (
                SELECT json_agg(quote_ident(attname) ORDER BY k)
                FROM unnest(confkey) WITH ORDINALITY AS u (n, k)
                JOIN pg_attribute ON attrelid = confrelid AND attnum = n)) ORDER BY contype, conname), '[]')
        FROM pg_constraint AS o
        WHERE conrelid = c.oid AND contype IN ('c', 'f', 'x') AND conkey IS NOT NULL),
    -- Unique indexes are named in errors, whether or not a constraint owns them.
    'uniques', (
        SELECT coalesce(json_agg(json_build_object(
            'name', relname,
            'columns', (SELECT array_agg(n) FROM unnest(indkey) AS n),
            'text', coalesce(pg_get_expr(indpred, indrelid), '')) ORDER BY relname), '[]')
        FROM pg_index JOIN pg_class AS i ON i.oid = indexrelid
        WHERE indrelid = c.oid AND indisunique))
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = relnamespace
WHERE relkind IN ('r', 'p') AND NOT relispartition AND relpersistence <> 't'
    AND nspname !~ '^pg_' AND nspname <> 'information_schema'
ORDER BY nspname, relname
