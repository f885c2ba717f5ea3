      SELECT 'table',
             CASE relkind WHEN 'r' THEN CASE relpersistence WHEN 'u' THEN 'unlogged' END ELSE 'of kind ' || relkind::text END,
             NULL
        FROM pg_class
       WHERE oid = side
