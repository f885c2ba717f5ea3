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
