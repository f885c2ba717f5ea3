SELECT relation, mode
FROM pg_catalog.pg_locks
JOIN pg_catalog.pg_class AS c ON c.oid = relation
JOIN pg_catalog.pg_namespace AS n ON n.oid = relnamespace
WHERE locktype = 'relation' AND granted AND relkind IN ('r', 'p')
  AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
  AND nspname !~ '^pg_' AND nspname <> 'information_schema'
