-- schema-registry migration, format 1
-- table: public.caricatures
-- change: create
-- before: -
-- after: c482696883bc39f6dbf0a2f69438d6d2729672347f4a98948e1bf68d4e4c4507

-- Drops the table, and fails if it has rows unless schema_registry.allow_data_loss is on in the session.
-- Running the up migration again does not bring back: rows, privileges, and whatever was added since
-- (columns, indexes, triggers, policies).

BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL row_security = off;

DO $guard$
BEGIN
  IF to_regclass('public.caricatures') IS NULL THEN
    RETURN;
  END IF;
  LOCK TABLE public.caricatures IN ACCESS EXCLUSIVE MODE;
  IF current_setting('schema_registry.allow_data_loss', true) IS DISTINCT FROM 'on' AND EXISTS (SELECT FROM public.caricatures) THEN
    RAISE EXCEPTION USING
      MESSAGE = format('%s has rows, and they would be lost', 'public.caricatures'),
      HINT = format('If that is meant, SET %s = on in this session and run the migration again.', 'schema_registry.allow_data_loss');
  END IF;
END
$guard$;

DROP TABLE IF EXISTS public.caricatures;

COMMIT;
