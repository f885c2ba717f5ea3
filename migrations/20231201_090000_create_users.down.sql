-- schema-registry migration, format 1
-- table: public.users
-- change: create
-- before: -
-- after: ec4d8296b2185f7143c225b7021ad8c61aec94175efcae6a4954f0c964c6d490

-- Drops the table, and fails if it has rows unless schema_registry.allow_data_loss is on in the session.
-- Running the up migration again does not bring back: rows, privileges, and whatever was added since
-- (columns, indexes, triggers, policies).

BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL row_security = off;

DO $guard$
BEGIN
  IF to_regclass('public.users') IS NULL THEN
    RETURN;
  END IF;
  LOCK TABLE public.users IN ACCESS EXCLUSIVE MODE;
  IF current_setting('schema_registry.allow_data_loss', true) IS DISTINCT FROM 'on' AND EXISTS (SELECT FROM public.users) THEN
    RAISE EXCEPTION USING
      MESSAGE = format('%s has rows, and they would be lost', 'public.users'),
      HINT = format('If that is meant, SET %s = on in this session and run the migration again.', 'schema_registry.allow_data_loss');
  END IF;
END
$guard$;

DROP TABLE IF EXISTS public.users;

COMMIT;
