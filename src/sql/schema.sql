BEGIN
  IF to_regnamespace({schema text}) IS NULL THEN
    CREATE SCHEMA {schema};
  END IF;
END
