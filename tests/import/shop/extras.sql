-- What the registry leaves out.
CREATE VIEW names AS SELECT "ID", mail FROM "User";
CREATE MATERIALIZED VIEW counts AS SELECT count(*) FROM teams;
CREATE TRIGGER touch BEFORE UPDATE ON teams FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON notes USING (x = 1);
GRANT SELECT ON notes TO PUBLIC;
CREATE STATISTICS stat ON x, y FROM notes;
ALTER TABLE notes SET (fillfactor = 70);
COMMENT ON CONSTRAINT once ON billing.invoices IS 'hm';
ALTER TABLE members ADD CONSTRAINT later CHECK (user_id > 0) NOT VALID;
ALTER INDEX notes_brin SET (pages_per_range = 8);
