DECLARE
  path CONSTANT text := current_setting('search_path');
{touched}  side regclass;
  object text;
  definition text;
  expression text;
{objects}  wanted text[] := ARRAY[{foreign keys}]::text[];
  present text[] := '{}';
  differences text;
BEGIN
{wanted}

  PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
  FOREACH side IN ARRAY ARRAY['pg_temp.wanted', {table}]::regclass[] LOOP
    -- Dumping and restoring a table rewrites its expressions once: both sides are compared as they read after that.
    -- NOT VALID, because a validation would plan them, and read the bodies of functions with this search_path.
    EXECUTE format('CREATE TEMPORARY TABLE reparsed (LIKE %s)', side);
    FOR object, definition, expression IN
{parts}    LOOP
{skip}      IF expression IS NOT NULL THEN
        EXECUTE format('ALTER TABLE pg_temp.reparsed ADD CONSTRAINT parsed CHECK ((%s) IS NULL) NOT VALID', expression);
        SELECT regexp_replace(pg_get_expr(conbin, conrelid), '^\((.*) IS NULL\)$', '\1') INTO expression
          FROM pg_constraint
         WHERE conrelid = 'pg_temp.reparsed'::regclass AND conname = 'parsed';
        ALTER TABLE pg_temp.reparsed DROP CONSTRAINT parsed;
      END IF;
      definition := concat_ws(' ', object || ':', definition, expression);
      IF side = {table}::regclass THEN
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
      MESSAGE = format(E'%s is not the table that this migration wants:\n%s', {table}, differences),
      HINT = {hint};
  END IF;
END
