-- What is demanded of rows, beyond their types: statements that demand it under the name `{hint}`, and how to stop.
SELECT format('ALTER TABLE %s ADD CONSTRAINT {hint} %s', conrelid::regclass,
        regexp_replace(replace(pg_get_constraintdef(oid), ' NOT VALID', ''), '^PRIMARY KEY', 'UNIQUE')),
    format('ALTER TABLE %s DROP CONSTRAINT {hint}', conrelid::regclass), array_position('{p,u,x,c,f}', contype)
FROM pg_constraint
WHERE contype IN ('c', 'f', 'p', 'u', 'x') AND conrelid >= 16384 AND conparentid = 0
UNION ALL
SELECT format('ALTER TABLE %s ADD CONSTRAINT {hint} CHECK (%I IS NOT NULL)', attrelid::regclass, attname),
    format('ALTER TABLE %s DROP CONSTRAINT {hint}', attrelid::regclass), 0
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE attnotnull AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p') AND attrelid >= 16384
UNION ALL
SELECT regexp_replace(pg_get_indexdef(indexrelid), '^CREATE UNIQUE INDEX .*? ON ', 'CREATE UNIQUE INDEX {hint} ON '),
    format('DROP INDEX %I.{hint}', relnamespace::regnamespace::text), 0
FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
WHERE indisunique AND indrelid >= 16384 AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
ORDER BY 3, 1
