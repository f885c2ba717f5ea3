-- schema-registry migration, format 1
-- table: public.user_affinities
-- change: create
-- before: -
-- after: ef0cece4adccb78e0a738ed3e430d7a2e25c6b0f8037e1ae5e83993db357cb50

-- Drops the table, and fails if it has rows unless schema_registry.allow_data_loss is on in the session.
-- Running the up migration again does not bring back: rows, privileges, and whatever was added since
-- (columns, indexes, triggers, policies).

BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL transaction_isolation = 'read committed';
SET LOCAL row_security = off;

DO $guard$
BEGIN
  IF to_regclass('public.user_affinities') IS NULL THEN
    RETURN;
  END IF;
  LOCK TABLE public.user_affinities IN ACCESS EXCLUSIVE MODE;
  IF current_setting('schema_registry.allow_data_loss', true) IS DISTINCT FROM 'on' AND EXISTS (SELECT FROM public.user_affinities) THEN
    RAISE EXCEPTION USING
      MESSAGE = format('%s has rows, and they would be lost', 'public.user_affinities'),
      HINT = format('If that is meant, SET %s = on in this session and run the migration again.', 'schema_registry.allow_data_loss');
  END IF;
END
$guard$;

DROP TABLE IF EXISTS public.user_affinities;

COMMIT;
