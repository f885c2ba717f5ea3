-- Everything that the users have made in a database, one row each: what it is, and a JSON of it for `inventory.rs`.
-- `odd` says why a request cannot say the same; columns of newer versions are read through to_jsonb.
WITH members AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), schemas AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), relations AS (
    SELECT c.*, n.nspname FROM pg_class c JOIN schemas n ON n.oid = c.relnamespace
    WHERE ('pg_class'::regclass, c.oid) NOT IN (SELECT classid, objid FROM members)
), owned AS (
    SELECT r.oid, r.relname, r.nspname, d.refobjid AS relid, d.refobjsubid AS attnum, d.deptype, s.seqtypid,
        (s.seqstart, s.seqincrement, s.seqmin, s.seqcache, s.seqcycle) = (1, 1, 1, 1, false)
            AND s.seqmax = CASE s.seqtypid::regtype::text WHEN 'smallint' THEN 32767 WHEN 'integer' THEN 2147483647 ELSE 9223372036854775807 END
            AS plain
    FROM relations r JOIN pg_sequence s ON s.seqrelid = r.oid
        JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
            AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
), columns AS (
    SELECT a.*, t.relname, d.adbin, q.oid AS sequence, q.plain,
        q.nspname AS sequence_schema, q.relname AS sequence_name, q.relname <> n.name AS renamed,
        -- What `serial` makes, and nothing else.
        q.deptype = 'a' AND q.plain AND a.attnotnull AND q.seqtypid = a.atttypid AND q.nspname = t.nspname AND q.relname = n.name
            AND pg_get_expr(d.adbin, d.adrelid) = format('nextval(%L::regclass)', q.oid::regclass) AS serial
    FROM relations t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        LEFT JOIN owned q ON q.relid = a.attrelid AND q.attnum = a.attnum
        -- `<table>_<column>_seq` in 63 bytes: as makeObjectName, the longer part loses characters until both fit.
        CROSS JOIN LATERAL (SELECT octet_length(t.relname) AS first, octet_length(a.attname) AS second) AS length
        CROSS JOIN LATERAL (SELECT left(t.relname, greatest(29, 58 - second)) || '_' || left(a.attname, greatest(29, 58 - first)) || '_seq' AS name) n
    WHERE t.relkind IN ('r', 'p', 'f', 'c')
), elements AS (
    SELECT i.indexrelid, json_agg(json_build_object(
            'column', CASE WHEN i.indkey[k - 1] <> 0 THEN a.attname END,
            'expression', CASE WHEN i.indkey[k - 1] = 0 THEN pg_get_indexdef(i.indexrelid, k, true) END,
            'descending', i.indoption[k - 1] & 1 = 1,
            'nullsFirst', i.indoption[k - 1] & 2 = 2,
            'opclass', CASE WHEN NOT o.opcdefault THEN
                CASE WHEN pg_opclass_is_visible(o.oid) THEN o.opcname ELSE o.opcnamespace::regnamespace || '.' || o.opcname END END,
            'collation', CASE WHEN i.indcollation[k - 1] <> coalesce(a.attcollation, y.typcollation) THEN l.collname END,
            'operator', p.oprname) ORDER BY k) AS list,
        bool_or(to_jsonb(e) ->> 'attoptions' IS NOT NULL) AS options
    FROM pg_index i JOIN relations r ON r.oid = i.indexrelid
        CROSS JOIN LATERAL generate_series(1, i.indnkeyatts::int) k
        JOIN pg_attribute e ON e.attrelid = i.indexrelid AND e.attnum = k
        JOIN pg_type y ON y.oid = e.atttypid
        JOIN pg_opclass o ON o.oid = i.indclass[k - 1]
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k - 1] AND i.indkey[k - 1] <> 0
        LEFT JOIN pg_collation l ON l.oid = i.indcollation[k - 1]
        LEFT JOIN pg_constraint x ON x.conindid = i.indexrelid AND x.contype = 'x'
        LEFT JOIN pg_operator p ON p.oid = x.conexclop[k]
    GROUP BY i.indexrelid
), indexes AS (
    SELECT i.indrelid, i.indexrelid, c.contype, json_build_object(
        'name', r.relname,
        'method', m.amname,
        'unique', i.indisunique,
        'nullsNotDistinct', to_jsonb(i) ->> 'indnullsnotdistinct' = 'true',
        'include', (SELECT json_agg(a.attname ORDER BY k) FROM generate_series(i.indnkeyatts::int, i.indnatts - 1) k
                    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k]),
        'predicate', pg_get_expr(i.indpred, i.indrelid, true),
        'elements', e.list,
        'odd', CASE WHEN NOT i.indisvalid THEN 'is invalid' WHEN e.options THEN 'has options of operator classes' END) AS index,
        i.indnkeyatts <> i.indnatts AS including, to_jsonb(i) ->> 'indnullsnotdistinct' = 'true' AS nulls_not_distinct
    FROM pg_index i JOIN relations r ON r.oid = i.indexrelid JOIN pg_am m ON m.oid = r.relam
        JOIN elements e ON e.indexrelid = i.indexrelid
        LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x') AND c.conrelid = i.indrelid
), constraints AS (
    SELECT c.conrelid, json_build_object(
        'name', c.conname,
        'kind', c.contype,
        'columns', (SELECT json_agg(a.attname ORDER BY k) FROM unnest(c.conkey) WITH ORDINALITY u(n, k)
                    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = u.n),
        'expression', CASE WHEN c.contype = 'c' THEN pg_get_expr(c.conbin, c.conrelid, true) END,
        'schema', t.relnamespace::regnamespace::text,
        'table', t.relname,
        'referenced', (SELECT json_agg(a.attname ORDER BY k) FROM unnest(c.confkey) WITH ORDINALITY u(n, k)
                       JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = u.n),
        'onDelete', c.confdeltype,
        'onUpdate', c.confupdtype,
        'deferrable', c.condeferrable,
        'deferred', c.condeferred,
        'nullsNotDistinct', coalesce(i.nulls_not_distinct, false),
        'index', i.index,
        'odd', CASE
            WHEN NOT c.convalidated THEN 'is not validated'
            WHEN to_jsonb(c) ->> 'conenforced' = 'false' THEN 'is not enforced'
            WHEN to_jsonb(c) ->> 'conperiod' = 'true' THEN 'is temporal'
            WHEN c.contype = 'c' AND c.connoinherit THEN 'is NO INHERIT'
            WHEN c.contype = 'f' AND c.confmatchtype <> 's' THEN 'is not MATCH SIMPLE'
            WHEN to_jsonb(c) ->> 'confdelsetcols' IS NOT NULL THEN 'sets only some columns ON DELETE'
            WHEN i.including THEN 'includes columns'
            WHEN c.contype IN ('p', 'x') AND c.condeferrable THEN 'is deferrable' END) AS body, c.contype, c.conname
    FROM pg_constraint c LEFT JOIN indexes i ON i.indexrelid = c.conindid AND i.indrelid = c.conrelid
        LEFT JOIN pg_class t ON t.oid = c.confrelid
    -- A foreign key to a partitioned table has one to each partition, which are not its own.
    WHERE c.contype IN ('p', 'u', 'c', 'f', 'x') AND NOT (c.contype = 'f' AND c.conparentid <> 0)
), functions AS (
    SELECT DISTINCT n.nspname, p.proname, p.prokind = 'p' AS procedure
    FROM pg_proc p JOIN schemas n ON n.oid = p.pronamespace
    WHERE ('pg_proc'::regclass, p.oid) NOT IN (SELECT classid, objid FROM members)
), left_out(kind, classid, objid, subid) AS (
    SELECT 'trigger', 'pg_trigger'::regclass, oid, 0 FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'policy', 'pg_policy'::regclass, oid, 0 FROM pg_policy
    UNION ALL SELECT 'row security', 'pg_class'::regclass, oid, 0 FROM relations WHERE relrowsecurity OR relforcerowsecurity
    UNION ALL SELECT 'rule', 'pg_rewrite'::regclass, oid, 0 FROM pg_rewrite WHERE rulename <> '_RETURN'
    UNION ALL SELECT 'grant', 'pg_class'::regclass, oid, 0 FROM relations WHERE relacl IS NOT NULL
    UNION ALL SELECT 'grant', 'pg_class'::regclass, attrelid, attnum FROM pg_attribute
        WHERE attacl IS NOT NULL AND attrelid IN (SELECT oid FROM relations)
    UNION ALL SELECT 'grant', 'pg_proc'::regclass, oid, 0 FROM pg_proc WHERE proacl IS NOT NULL
    UNION ALL SELECT 'grant', 'pg_type'::regclass, oid, 0 FROM pg_type WHERE typacl IS NOT NULL
    UNION ALL SELECT 'grant', 'pg_namespace'::regclass, oid, 0 FROM pg_namespace WHERE nspacl IS NOT NULL
    UNION ALL SELECT 'default privileges', 'pg_default_acl'::regclass, oid, 0 FROM pg_default_acl
    UNION ALL SELECT 'statistics', 'pg_statistic_ext'::regclass, oid, 0 FROM pg_statistic_ext
    UNION ALL SELECT 'storage parameters', 'pg_class'::regclass, oid, 0 FROM relations WHERE reloptions IS NOT NULL AND relkind <> 'v'
    UNION ALL SELECT 'tablespace', 'pg_class'::regclass, oid, 0 FROM relations WHERE reltablespace <> 0
    UNION ALL SELECT 'replica identity', 'pg_class'::regclass, oid, 0 FROM relations WHERE relkind IN ('r', 'p') AND relreplident <> 'd'
    UNION ALL SELECT 'clustering', 'pg_class'::regclass, indexrelid, 0 FROM pg_index
        WHERE indisclustered AND indexrelid IN (SELECT oid FROM relations)
    UNION ALL SELECT 'column storage', 'pg_class'::regclass, c.attrelid, c.attnum FROM columns c JOIN pg_type y ON y.oid = c.atttypid
        WHERE c.attstorage <> y.typstorage OR c.attcompression <> '' OR c.attoptions IS NOT NULL
            OR coalesce(c.attstattarget, -1) <> -1
    UNION ALL SELECT 'identity options', 'pg_class'::regclass, attrelid, attnum FROM columns WHERE attidentity <> '' AND NOT plain
    UNION ALL SELECT 'sequence name', 'pg_class'::regclass, sequence, 0 FROM columns WHERE attidentity <> '' AND renamed
    UNION ALL SELECT 'comment', classoid, objoid, objsubid FROM pg_description
        WHERE classoid <> 'pg_extension'::regclass
            AND (classoid, objoid) NOT IN (SELECT 'pg_class'::regclass, oid FROM relations WHERE relkind IN ('r', 'p', 'f'))
    UNION ALL SELECT 'event trigger', 'pg_event_trigger'::regclass, oid, 0 FROM pg_event_trigger
    UNION ALL SELECT 'publication', 'pg_publication'::regclass, oid, 0 FROM pg_publication
    UNION ALL SELECT 'foreign server', 'pg_foreign_server'::regclass, oid, 0 FROM pg_foreign_server
    UNION ALL SELECT 'cast', 'pg_cast'::regclass, oid, 0 FROM pg_cast
    UNION ALL SELECT 'operator', 'pg_operator'::regclass, oid, 0 FROM pg_operator
    UNION ALL SELECT 'operator class', 'pg_opclass'::regclass, oid, 0 FROM pg_opclass
    UNION ALL SELECT 'collation', 'pg_collation'::regclass, oid, 0 FROM pg_collation
    UNION ALL SELECT 'text search configuration', 'pg_ts_config'::regclass, oid, 0 FROM pg_ts_config
    UNION ALL SELECT 'text search dictionary', 'pg_ts_dict'::regclass, oid, 0 FROM pg_ts_dict
    UNION ALL SELECT 'text search parser', 'pg_ts_parser'::regclass, oid, 0 FROM pg_ts_parser
    UNION ALL SELECT 'text search template', 'pg_ts_template'::regclass, oid, 0 FROM pg_ts_template
    UNION ALL SELECT 'foreign data wrapper', 'pg_foreign_data_wrapper'::regclass, oid, 0 FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'user mapping', 'pg_user_mapping'::regclass, umid, 0 FROM pg_user_mappings
    UNION ALL SELECT 'operator family', 'pg_opfamily'::regclass, oid, 0 FROM pg_opfamily
    UNION ALL SELECT 'conversion', 'pg_conversion'::regclass, oid, 0 FROM pg_conversion
    UNION ALL SELECT 'language', 'pg_language'::regclass, oid, 0 FROM pg_language
    UNION ALL SELECT 'transform', 'pg_transform'::regclass, oid, 0 FROM pg_transform
    UNION ALL SELECT 'access method', 'pg_am'::regclass, oid, 0 FROM pg_am
    UNION ALL SELECT 'subscription', 'pg_subscription'::regclass, s.oid, 0 FROM pg_subscription s
        JOIN pg_database d ON d.oid = s.subdbid AND d.datname = current_database()
    UNION ALL SELECT 'security label', classoid, objoid, objsubid FROM pg_seclabel
    -- Any other schema comes with what is in it.
    UNION ALL SELECT 'schema', 'pg_namespace'::regclass, s.oid, 0 FROM schemas s WHERE s.nspname <> 'public'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = s.oid)
)
SELECT 'table', json_build_object(
    'schema', t.nspname,
    'name', t.relname,
    'comment', obj_description(t.oid, 'pg_class'),
    'odd', CASE
        WHEN t.relispartition THEN 'is a partition'
        WHEN t.relkind = 'p' THEN 'is partitioned'
        WHEN t.relkind = 'f' THEN 'is a foreign table'
        WHEN EXISTS (SELECT FROM pg_inherits WHERE inhrelid = t.oid) THEN 'inherits from another table'
        WHEN EXISTS (SELECT FROM pg_inherits WHERE inhparent = t.oid) THEN 'is inherited from'
        WHEN t.relpersistence = 'u' THEN 'is unlogged'
        WHEN t.reloftype <> 0 THEN 'is of a composite type' END,
    'columns', (SELECT json_agg(json_build_object(
            'name', c.attname,
            'type', CASE WHEN c.serial THEN CASE format_type(c.atttypid, NULL)
                WHEN 'smallint' THEN 'smallserial' WHEN 'integer' THEN 'serial' ELSE 'bigserial' END
                ELSE format_type(c.atttypid, c.atttypmod) END,
            'nullable', NOT c.attnotnull,
            'default', CASE WHEN c.attgenerated = '' AND c.serial IS NOT TRUE THEN pg_get_expr(c.adbin, c.attrelid, true) END,
            'identity', c.attidentity,
            'generated', CASE WHEN c.attgenerated <> '' THEN pg_get_expr(c.adbin, c.attrelid, true) END,
            'virtual', c.attgenerated = 'v',
            'collation', (SELECT l.collname FROM pg_collation l JOIN pg_type y ON y.oid = c.atttypid
                          WHERE l.oid = c.attcollation AND c.attcollation <> y.typcollation),
            'comment', col_description(c.attrelid, c.attnum)) ORDER BY c.attnum) FROM columns c WHERE c.attrelid = t.oid),
    'sequences', (SELECT json_agg(json_build_object('kind', 'sequence', 'schema', c.sequence_schema, 'name', c.sequence_name)
                                  ORDER BY c.attnum) FROM columns c WHERE c.attrelid = t.oid AND c.serial),
    'constraints', (SELECT json_agg(body ORDER BY contype, conname) FROM constraints WHERE conrelid = t.oid),
    'indexes', (SELECT json_agg(index ORDER BY index ->> 'name') FROM indexes WHERE indrelid = t.oid AND contype IS NULL))::text
FROM relations t WHERE t.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT 'object', json_build_object('kind', CASE relkind WHEN 'v' THEN 'view' ELSE 'materializedView' END,
    'schema', nspname, 'name', relname)::text
FROM relations WHERE relkind IN ('v', 'm')
UNION ALL
SELECT 'object', json_build_object('kind', 'sequence', 'schema', nspname, 'name', relname)::text
FROM relations r WHERE relkind = 'S'
    AND NOT EXISTS (SELECT FROM columns c WHERE c.sequence = r.oid AND (c.serial OR c.attidentity <> ''))
UNION ALL
SELECT 'object', json_build_object('kind', CASE WHEN procedure THEN 'procedure' ELSE 'function' END,
    'schema', nspname, 'name', proname)::text
FROM functions f WHERE NOT (procedure AND EXISTS
    (SELECT FROM functions o WHERE o.nspname = f.nspname AND o.proname = f.proname AND NOT o.procedure))
UNION ALL
SELECT 'object', json_build_object(
    'kind', CASE y.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range' ELSE 'composite' END,
    'schema', n.nspname, 'name', y.typname,
    'labels', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = y.oid),
    'type', CASE WHEN y.typtype = 'd' THEN format_type(y.typbasetype, y.typtypmod) END,
    'columns', CASE WHEN y.typtype = 'c' THEN
        (SELECT json_agg(json_build_object('name', c.attname, 'type', format_type(c.atttypid, c.atttypmod)) ORDER BY c.attnum)
         FROM columns c WHERE c.attrelid = y.typrelid) END)::text
FROM pg_type y JOIN schemas n ON n.oid = y.typnamespace
WHERE (y.typtype IN ('e', 'd', 'r') OR y.typtype = 'c' AND y.typrelid IN (SELECT oid FROM relations WHERE relkind = 'c'))
  AND ('pg_type'::regclass, y.oid) NOT IN (SELECT classid, objid FROM members)
UNION ALL
SELECT 'object', json_build_object('kind', 'extension', 'schema', x.extnamespace::regnamespace::text, 'name', x.extname,
    'types', (SELECT json_agg(y.typname ORDER BY y.typname) FROM members m JOIN pg_depend d USING (classid, objid)
              JOIN pg_type y ON y.oid = m.objid
              WHERE m.classid = 'pg_type'::regclass AND d.deptype = 'e' AND d.refobjid = x.oid
                AND y.typtype <> 'p' AND y.typcategory <> 'A'))::text
FROM pg_extension x WHERE x.extname <> 'plpgsql'
UNION ALL
SELECT 'left out', json_build_object('kind', l.kind, 'object', o.identity)::text
FROM left_out l, pg_identify_object(l.classid, l.objid, l.subid) o
WHERE l.objid >= 16384 AND (l.classid, l.objid) NOT IN (SELECT classid, objid FROM members)
  AND NOT (l.classid = 'pg_namespace'::regclass AND o.identity = 'public')
ORDER BY 1, 2
