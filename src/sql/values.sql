BEGIN
  IF NOT EXISTS ({column}) THEN
    RETURN;
  END IF;
  LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE;
  IF current_setting({setting}, true) IS DISTINCT FROM 'on' AND EXISTS (SELECT FROM {table} WHERE {lost}) THEN
    RAISE EXCEPTION USING
      MESSAGE = {message},
      HINT = format('If that is meant, SET %s = on in this session and run the migration again.', {setting});
  END IF;
END
