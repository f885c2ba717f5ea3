-- The tables of the users: identifier, file on disk, schema, name, quoted name.
SELECT c.oid, relfilenode, nspname, relname, pg_catalog.format('%I.%I', nspname, relname)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = relnamespace
WHERE relkind = 'r' AND relpersistence <> 't' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
ORDER BY nspname, relname
