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
