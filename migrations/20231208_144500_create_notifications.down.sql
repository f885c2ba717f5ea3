-- schema-registry migration, format 1
-- table: public.notifications
-- change: create
-- before: -
-- after: 3ca47a431d270e34c5d1dcae13735d326c782b8d6ea2f39aa1efff452bfd142f

-- Drops the table, and fails if it has rows unless schema_registry.allow_data_loss is on in the session.
-- Running the up migration again does not bring back: rows, privileges, and whatever was added since
-- (columns, indexes, triggers, policies).

BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL row_security = off;

DO $guard$
BEGIN
  IF to_regclass('public.notifications') IS NULL THEN
    RETURN;
  END IF;
  LOCK TABLE public.notifications IN ACCESS EXCLUSIVE MODE;
  IF current_setting('schema_registry.allow_data_loss', true) IS DISTINCT FROM 'on' AND EXISTS (SELECT FROM public.notifications) THEN
    RAISE EXCEPTION USING
      MESSAGE = format('%s has rows, and they would be lost', 'public.notifications'),
      HINT = format('If that is meant, SET %s = on in this session and run the migration again.', 'schema_registry.allow_data_loss');
  END IF;
END
$guard$;

DROP TABLE IF EXISTS public.notifications;

COMMIT;
