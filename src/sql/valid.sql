DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[{indexes}] LOOP
    IF NOT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(name) AND indisvalid) THEN
      RAISE EXCEPTION USING
        MESSAGE = format('index %s is not valid: its build failed or was interrupted', name),
        HINT = 'Repair what the build complained about, such as rows that are not unique. Then run the migrations of this change again, from the first.';
    END IF;
  END LOOP;
END
