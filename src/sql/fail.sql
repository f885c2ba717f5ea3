BEGIN
  RAISE EXCEPTION 'This migration cannot be undone'
    USING DETAIL = {reason}, HINT = 'Restore what it changed from a backup, or by a request of its own';
END
