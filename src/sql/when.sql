BEGIN
  IF {condition} THEN
{statements}
  END IF;
END
