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
