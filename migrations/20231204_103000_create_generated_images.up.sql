-- schema-registry migration, format 1
-- table: public.generated_images
-- change: create
-- before: -
-- after: ee264b97e4e43538a7b61e2cc202cb2f6ef9f1595ccded9161dc1509c584f1d5

BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL standard_conforming_strings = on;
SET LOCAL quote_all_identifiers = off;

-- A run of the same migration in another session ends before this one begins.
SELECT pg_advisory_xact_lock(hashtextextended('schema-registry:public.generated_images', 0));

CREATE TABLE IF NOT EXISTS public.generated_images (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  user_id text NOT NULL,
  image_url text NOT NULL,
  prompt text NOT NULL,
  metadata jsonb,
  created_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
  updated_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
  CONSTRAINT generated_images_pkey PRIMARY KEY (id)
);

CREATE INDEX IF NOT EXISTS idx_generated_images_user_id ON public.generated_images (user_id);
CREATE INDEX IF NOT EXISTS idx_generated_images_created_at ON public.generated_images (created_at);
CREATE INDEX IF NOT EXISTS idx_generated_images_metadata ON public.generated_images USING gin (metadata);

COMMENT ON TABLE public.generated_images IS 'Images that the bot made from a prompt';

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
  wanted text[] := ARRAY[]::text[];
  present text[] := '{}';
  differences text;
BEGIN
  CREATE TEMPORARY TABLE wanted (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id text NOT NULL,
    image_url text NOT NULL,
    prompt text NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
    updated_at timestamp with time zone NOT NULL DEFAULT current_timestamp,
    CONSTRAINT generated_images_pkey PRIMARY KEY (id)
  );
  CREATE INDEX idx_generated_images_user_id ON pg_temp.wanted (user_id);
  CREATE INDEX idx_generated_images_created_at ON pg_temp.wanted (created_at);
  CREATE INDEX idx_generated_images_metadata ON pg_temp.wanted USING gin (metadata);

  PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
  FOREACH side IN ARRAY ARRAY['pg_temp.wanted', 'public.generated_images']::regclass[] LOOP
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
      CONTINUE WHEN side = 'public.generated_images'::regclass AND object LIKE 'index %' AND object <> ALL (objects);
      objects := objects || object;
      IF expression IS NOT NULL THEN
        EXECUTE format('ALTER TABLE pg_temp.reparsed ADD CONSTRAINT parsed CHECK ((%s) IS NULL) NOT VALID', expression);
        SELECT regexp_replace(pg_get_expr(conbin, conrelid), '^\((.*) IS NULL\)$', '\1') INTO expression
          FROM pg_constraint
         WHERE conrelid = 'pg_temp.reparsed'::regclass AND conname = 'parsed';
        ALTER TABLE pg_temp.reparsed DROP CONSTRAINT parsed;
      END IF;
      definition := concat_ws(' ', object || ':', definition, expression);
      IF side = 'public.generated_images'::regclass THEN
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
      MESSAGE = format(E'%s is not the table that this migration wants:\n%s', 'public.generated_images', differences),
      HINT = 'It existed before with another shape. Bring it to the wanted shape, or describe in the request what is there; then run the migration again.';
  END IF;
END
$postcondition$;

COMMIT;
