-- schema-registry migration, format 1
-- table: public.notifications
-- change: create
-- before: -
-- after: 3ca47a431d270e34c5d1dcae13735d326c782b8d6ea2f39aa1efff452bfd142f

BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL standard_conforming_strings = on;
SET LOCAL quote_all_identifiers = off;

-- A run of the same migration in another session ends before this one begins.
SELECT pg_advisory_xact_lock(hashtextextended('schema-registry:public.notifications', 0));

CREATE TABLE IF NOT EXISTS public.notifications (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL,
  kind text NOT NULL,
  payload jsonb NOT NULL DEFAULT '{}'::jsonb,
  read_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
  updated_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
  CONSTRAINT notifications_pkey PRIMARY KEY (id),
  CONSTRAINT notifications_kind_check CHECK (kind IN ('feature_completed', 'feature_rejected')),
  CONSTRAINT notifications_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS idx_notifications_user_id ON public.notifications (user_id);
CREATE INDEX IF NOT EXISTS idx_notifications_user_id_created_at ON public.notifications (user_id, created_at DESC) WHERE (read_at IS NULL);
CREATE INDEX IF NOT EXISTS idx_notifications_created_at ON public.notifications (created_at);
CREATE INDEX IF NOT EXISTS idx_notifications_payload ON public.notifications USING gin (payload);

COMMENT ON TABLE public.notifications IS 'What people are told about the features that they asked for';
COMMENT ON COLUMN public.notifications.payload IS 'What the message is filled in with; depends on the kind';
COMMENT ON COLUMN public.notifications.read_at IS 'Empty while the message is unread';

-- IF NOT EXISTS is content with an object of any shape. What is there now is compared, through the catalog,
-- with a temporary table of the wanted definition.
DO $postcondition$
DECLARE
  path CONSTANT text := current_setting('search_path');
  side regclass;
  object text;
  definition text;
  expression text;
  objects text[] := '{}';
  wanted text[] := ARRAY[
    'constraint notifications_user_id_fkey: ' || format('FOREIGN KEY (%I) REFERENCES %I.%I(%I) ON DELETE CASCADE', 'user_id', 'public', 'users', 'id')
  ]::text[];
  present text[] := '{}';
  differences text;
BEGIN
  CREATE TEMPORARY TABLE wanted (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL DEFAULT '{}'::jsonb,
    read_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
    updated_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
    CONSTRAINT notifications_pkey PRIMARY KEY (id),
    CONSTRAINT notifications_kind_check CHECK (kind IN ('feature_completed', 'feature_rejected'))
  );
  CREATE INDEX idx_notifications_user_id ON pg_temp.wanted (user_id);
  CREATE INDEX idx_notifications_user_id_created_at ON pg_temp.wanted (user_id, created_at DESC) WHERE (read_at IS NULL);
  CREATE INDEX idx_notifications_created_at ON pg_temp.wanted (created_at);
  CREATE INDEX idx_notifications_payload ON pg_temp.wanted USING gin (payload);

  PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
  FOREACH side IN ARRAY ARRAY['pg_temp.wanted', 'public.notifications']::regclass[] LOOP
    -- Dumping and restoring a table rewrites its expressions once: both sides are compared as they read after that.
    -- NOT VALID, because a validation would plan them, and read the bodies of functions with this search_path.
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
      -- Indexes that somebody added by hand may stay.
      CONTINUE WHEN side = 'public.notifications'::regclass AND object LIKE 'index %' AND object <> ALL (objects);
      objects := objects || object;
      IF expression IS NOT NULL THEN
        EXECUTE format('ALTER TABLE pg_temp.reparsed ADD CONSTRAINT parsed CHECK ((%s) IS NULL) NOT VALID', expression);
        SELECT regexp_replace(pg_get_expr(conbin, conrelid), '^\((.*) IS NULL\)$', '\1') INTO expression
          FROM pg_constraint
         WHERE conrelid = 'pg_temp.reparsed'::regclass AND conname = 'parsed';
        ALTER TABLE pg_temp.reparsed DROP CONSTRAINT parsed;
      END IF;
      definition := concat_ws(' ', object || ':', definition, expression);
      IF side = 'public.notifications'::regclass THEN
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
      MESSAGE = format(E'%s is not the table that this migration wants:\n%s', 'public.notifications', differences),
      HINT = 'It existed before with another shape. Bring it to the wanted shape, or describe in the request what is there; then run the migration again.';
  END IF;
END
$postcondition$;

COMMIT;
