-- schema-registry migration, format 1
-- table: public.generated_images
-- change: create
-- before: -
-- after: ee264b97e4e43538a7b61e2cc202cb2f6ef9f1595ccded9161dc1509c584f1d5

-- Drops the table, and fails if it has rows unless schema_registry.allow_data_loss is on in the session.
-- Running the up migration again does not bring back: rows, privileges, and whatever was added since
-- (columns, indexes, triggers, policies).

BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL row_security = off;

DO $guard$
BEGIN
  IF to_regclass('public.generated_images') IS NULL THEN
    RETURN;
  END IF;
  LOCK TABLE public.generated_images IN ACCESS EXCLUSIVE MODE;
  IF current_setting('schema_registry.allow_data_loss', true) IS DISTINCT FROM 'on' AND EXISTS (SELECT FROM public.generated_images) THEN
    RAISE EXCEPTION USING
      MESSAGE = format('%s has rows, and they would be lost', 'public.generated_images'),
      HINT = format('If that is meant, SET %s = on in this session and run the migration again.', 'schema_registry.allow_data_loss');
  END IF;
END
$guard$;

DROP TABLE IF EXISTS public.generated_images;

COMMIT;
