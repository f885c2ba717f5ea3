DECLARE
  path CONSTANT text := current_setting('search_path');
{touched}  side regclass;
  object text;
  definition text;
  expression text;
{objects}  wanted text[] := ARRAY[{foreign keys}]::text[];
  present text[] := '{}';
  differences text;
BEGIN
{wanted}

  PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
  FOREACH side IN ARRAY ARRAY['pg_temp.wanted', {table}]::regclass[] LOOP
    -- Dumping and restoring a table rewrites its expressions once: both sides are compared as they read after that.
    EXECUTE format('CREATE TEMPORARY TABLE reparsed (LIKE %s)', side);
    FOR object, definition, expression IN
      SELECT 'table',
             CASE relkind WHEN 'r' THEN CASE relpersistence WHEN 'u' THEN 'unlogged' END ELSE 'of kind ' || relkind::text END,
             NULL
        FROM pg_class
       WHERE oid = side
      UNION ALL
      SELECT 'column ' || attname,
             concat_ws(' ',
               format_type(atttypid, atttypmod),
               CASE WHEN attcollation <> typcollation THEN 'COLLATE ' || attcollation::regcollation::text END,
               CASE WHEN attnotnull THEN 'NOT NULL' END,
               CASE attidentity WHEN 'a' THEN 'ALWAYS AS IDENTITY' WHEN 'd' THEN 'BY DEFAULT AS IDENTITY' END,
               CASE attgenerated WHEN 's' THEN 'STORED' WHEN 'v' THEN 'VIRTUAL' END,
               CASE WHEN serial THEN 'DEFAULT from its own sequence' WHEN attgenerated <> '' THEN 'AS' WHEN atthasdef THEN 'DEFAULT' END),
             CASE WHEN NOT serial THEN pg_get_expr(adbin, adrelid) END
        FROM pg_attribute
        JOIN pg_type ON pg_type.oid = atttypid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
       CROSS JOIN LATERAL (
               SELECT EXISTS (
                 SELECT
                   FROM pg_depend AS used
                   JOIN pg_depend AS owned ON owned.classid = used.refclassid AND owned.objid = used.refobjid
                  WHERE used.classid = 'pg_attrdef'::regclass AND used.objid = pg_attrdef.oid
                    AND owned.refobjid = attrelid AND owned.refobjsubid = attnum AND owned.deptype = 'a'
                    AND pg_get_expr(adbin, adrelid) LIKE 'nextval(%::regclass)')
             ) AS default_of (serial)
       WHERE attrelid = side AND attnum > 0 AND NOT attisdropped
      UNION ALL
      SELECT 'constraint ' || conname,
             CASE contype
               WHEN 'c' THEN concat_ws(' ',
                 CASE WHEN NOT convalidated THEN 'NOT VALID' END, CASE WHEN connoinherit THEN 'NO INHERIT' END, 'CHECK')
               WHEN 'x' THEN concat_ws(' ',
                 'EXCLUDE WITH', conexclop::regoperator[]::text, CASE WHEN condeferrable THEN 'DEFERRABLE' END)
               ELSE pg_get_constraintdef(oid)
             END,
             CASE contype WHEN 'c' THEN pg_get_expr(conbin, conrelid) END
        FROM pg_constraint
       WHERE conrelid = side AND contype IN ('c', 'f', 'p', 'u', 'x')
      UNION ALL
      SELECT 'index ' || relname,
             concat_ws(' ',
               CASE WHEN NOT indisvalid THEN 'INVALID' END,
               CASE WHEN indisunique THEN 'UNIQUE' END,
               amname,
               CASE WHEN indnullsnotdistinct THEN 'NULLS NOT DISTINCT' END,
               CASE WHEN indpred IS NOT NULL THEN 'WHERE' END),
             pg_get_expr(indpred, indrelid)
        FROM pg_index
        JOIN pg_class ON pg_class.oid = indexrelid
        JOIN pg_am ON pg_am.oid = relam
       WHERE indrelid = side
      UNION ALL
      SELECT 'index ' || relname,
             concat_ws(' ',
               CASE WHEN part > indnkeyatts THEN 'INCLUDE' ELSE 'KEY' END, part,
               (SELECT opcname FROM pg_opclass WHERE oid = indclass[part - 1]),
               nullif(indcollation[part - 1], 0)::regcollation,
               CASE indoption[part - 1] WHEN 1 THEN 'DESC NULLS LAST' WHEN 2 THEN 'NULLS FIRST' WHEN 3 THEN 'DESC' END),
             pg_get_indexdef(indexrelid, part, false)
        FROM pg_index
        JOIN pg_class ON pg_class.oid = indexrelid
       CROSS JOIN generate_series(1, indnatts) AS part
       WHERE indrelid = side
    LOOP
{skip}      IF expression IS NOT NULL THEN
        EXECUTE format('ALTER TABLE pg_temp.reparsed ADD CONSTRAINT parsed CHECK ((%s) IS NULL)', expression);
        SELECT regexp_replace(pg_get_expr(conbin, conrelid), '^\((.*) IS NULL\)$', '\1') INTO expression
          FROM pg_constraint
         WHERE conrelid = 'pg_temp.reparsed'::regclass AND conname = 'parsed';
        ALTER TABLE pg_temp.reparsed DROP CONSTRAINT parsed;
      END IF;
      definition := concat_ws(' ', object || ':', definition, expression);
      IF side = {table}::regclass THEN
        present := present || definition;
      ELSE
        wanted := wanted || definition;
      END IF;
    END LOOP;
    DROP TABLE pg_temp.reparsed;
  END LOOP;
  DROP TABLE pg_temp.wanted;
  PERFORM set_config('search_path', path, true);

  SELECT string_agg(difference, E'\n' ORDER BY substr(difference, 8), difference DESC) INTO differences
    FROM (SELECT 'wanted ' || line FROM unnest(wanted) AS line WHERE line <> ALL (present)
          UNION ALL
          SELECT 'found  ' || line FROM unnest(present) AS line WHERE line <> ALL (wanted)) AS lines (difference);
  IF differences IS NOT NULL THEN
    RAISE EXCEPTION USING
      MESSAGE = format(E'%s is not the table that this migration wants:\n%s', {table}, differences),
      HINT = {hint};
  END IF;
END
