DECLARE
  page bigint := 0;
BEGIN
  -- A hundred pages at a time, each in a transaction of its own, so that no row stays locked for long.
  WHILE page <= pg_relation_size({table text}) / current_setting('block_size')::bigint LOOP
    UPDATE {table}
       SET {column} = DEFAULT
     WHERE {column} IS NULL
       AND ctid >= format('(%s,0)', page)::tid
       AND ctid < format('(%s,0)', page + 100)::tid;
    COMMIT;
    page := page + 100;
  END LOOP;
  -- Rows that moved to a page that was done before.
  UPDATE {table} SET {column} = DEFAULT WHERE {column} IS NULL;
  COMMIT;
END
