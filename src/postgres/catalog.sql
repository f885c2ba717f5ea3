-- Every object of the users, one row each: what it is, and everything about it that a migration can change.
-- Left out on purpose: owners, privileges, statistics targets, the values of sequences, and empty schemas.
WITH relations AS (
    SELECT c.*, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), tables AS (
    SELECT * FROM relations WHERE relkind IN ('r', 'p', 'f')
)
SELECT 'table ' || name,
       concat_ws(' ',
           CASE relkind WHEN 'r' THEN 'ordinary' WHEN 'p' THEN 'partitioned' ELSE 'foreign' END,
           CASE relpersistence WHEN 'u' THEN 'unlogged' END,
           CASE WHEN relkind = 'p' THEN 'by ' || pg_get_partkeydef(oid) END,
           CASE WHEN relispartition THEN 'partition ' || pg_get_expr(relpartbound, oid) END,
           CASE WHEN relrowsecurity THEN 'row-security' END,
           CASE WHEN relforcerowsecurity THEN 'forced' END,
           CASE WHEN relreplident <> 'd' THEN 'replica-identity ' || relreplident::text END,
           'with ' || reloptions::text,
           'comment ' || quote_literal(obj_description(oid, 'pg_class')))
FROM tables
UNION ALL
SELECT format('column %s.%I', t.name, a.attname),
       concat_ws(' ',
           '#' || row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum),
           format_type(a.atttypid, a.atttypmod),
           'collate ' || (SELECT format('%I', l.collname) FROM pg_collation l JOIN pg_type y ON y.oid = a.atttypid
                          WHERE l.oid = a.attcollation AND a.attcollation <> y.typcollation),
           CASE WHEN a.attnotnull THEN 'not null' END,
           CASE a.attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END,
           CASE a.attgenerated WHEN '' THEN 'default ' WHEN 's' THEN 'generated stored ' ELSE 'generated virtual ' END
               || pg_get_expr(d.adbin, d.adrelid),
           'comment ' || quote_literal(col_description(a.attrelid, a.attnum)))
FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
-- PostgreSQL 18 lists NOT NULL here too; the columns say it on every version.
SELECT format('constraint %s.%I', t.name, c.conname),
       concat_ws(' ', pg_get_constraintdef(c.oid), CASE WHEN NOT c.convalidated THEN 'not validated' END,
           'comment ' || quote_literal(obj_description(c.oid, 'pg_constraint')))
FROM tables t JOIN pg_constraint c ON c.conrelid = t.oid
WHERE c.contype NOT IN ('n', 't')
UNION ALL
SELECT 'index ' || r.name,
       concat_ws(' ', pg_get_indexdef(r.oid), CASE WHEN NOT i.indisvalid THEN 'invalid' END,
           CASE WHEN i.indisreplident THEN 'replica-identity' END, CASE WHEN i.indisclustered THEN 'clustered' END,
           'comment ' || quote_literal(obj_description(r.oid, 'pg_class')))
FROM relations r JOIN pg_index i ON i.indexrelid = r.oid
UNION ALL
SELECT 'sequence ' || r.name,
       concat_ws(' ', format_type(s.seqtypid, NULL), 'start', s.seqstart, 'increment', s.seqincrement,
           'from', s.seqmin, 'to', s.seqmax, 'cache', s.seqcache, CASE WHEN s.seqcycle THEN 'cycle' END,
           (SELECT format('owned by %s.%I', t.name, a.attname)
            FROM pg_depend d JOIN tables t ON t.oid = d.refobjid
                JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
            WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i')),
           'comment ' || quote_literal(obj_description(r.oid, 'pg_class')))
FROM relations r JOIN pg_sequence s ON s.seqrelid = r.oid
UNION ALL
SELECT CASE relkind WHEN 'v' THEN 'view ' ELSE 'materialised view ' END || name, pg_get_viewdef(oid)
FROM relations WHERE relkind IN ('v', 'm')
UNION ALL
SELECT format('trigger %s.%I', t.name, g.tgname), pg_get_triggerdef(g.oid)
FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid
WHERE NOT g.tgisinternal
UNION ALL
SELECT format('policy %s.%I', t.name, p.polname),
       concat_ws(' ', CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, p.polcmd::text,
           'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid))
FROM tables t JOIN pg_policy p ON p.polrelid = t.oid
UNION ALL
SELECT 'function ' || p.oid::regprocedure,
       CASE WHEN p.prokind = 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 'type ' || format('%I.%I', n.nspname, y.typname),
       concat_ws(' ', CASE y.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range' ELSE 'composite' END,
           (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e
            WHERE e.enumtypid = y.oid),
           CASE WHEN y.typtype = 'd' THEN format_type(y.typbasetype, y.typtypmod) END,
           CASE WHEN y.typnotnull THEN 'not null' END, 'default ' || y.typdefault,
           (SELECT string_agg(pg_get_constraintdef(c.oid), ' ' ORDER BY c.conname) FROM pg_constraint c
            WHERE c.contypid = y.oid AND c.contype <> 'n'))
FROM pg_type y JOIN pg_namespace n ON n.oid = y.typnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND (y.typtype IN ('e', 'd', 'r')
       OR y.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = y.typrelid AND c.relkind = 'c'))
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = y.oid AND d.deptype = 'e')
UNION ALL
SELECT 'statistics ' || format('%I.%I', n.nspname, x.stxname), pg_get_statisticsobjdef(x.oid)
FROM pg_statistic_ext x JOIN pg_namespace n ON n.oid = x.stxnamespace
UNION ALL
SELECT format('extension %I', extname), extversion FROM pg_extension
