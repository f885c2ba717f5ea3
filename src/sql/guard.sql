BEGIN
  IF to_regclass({table text}) IS NULL THEN
    RETURN;
  END IF;
  LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;
  IF current_setting({setting}, true) IS DISTINCT FROM 'on' AND EXISTS (SELECT FROM {table}) THEN
    RAISE EXCEPTION USING
      MESSAGE = format('%s has rows, and they would be lost', {table text}),
      HINT = format('If that is meant, SET %s = on in this session and run the migration again.', {setting});
  END IF;
END
