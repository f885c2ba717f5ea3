-- What requests describe.
CREATE TABLE "User" ("ID" serial PRIMARY KEY, mail email NOT NULL, nick citext UNIQUE, feels mood DEFAULT 'on', born timestamp, score numeric(10,2) DEFAULT 0 CHECK (score >= 0), "null" text DEFAULT 'null', CONSTRAINT "a b" CHECK (nick <> '' OR mail <> 'x''y'));
COMMENT ON TABLE "User" IS 'yes: "they" #1';
COMMENT ON COLUMN "User".mail IS 'no';
CREATE TABLE teams (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title varchar(80) COLLATE "C" NOT NULL, slug text GENERATED ALWAYS AS (lower(title::text)) STORED, tags text[] DEFAULT '{}'::text[], created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz, home address, CONSTRAINT teams_slug UNIQUE NULLS NOT DISTINCT (slug, title));
CREATE INDEX teams_lower ON teams (lower(title) text_pattern_ops, created_at DESC NULLS LAST) INCLUDE (updated_at) WHERE updated_at IS NOT NULL;
CREATE INDEX teams_tags ON teams USING gin (tags);
CREATE INDEX teams_coll ON teams (title COLLATE "POSIX");
CREATE TABLE members (team_id bigint REFERENCES teams ON DELETE CASCADE, user_id int, role text NOT NULL DEFAULT 'on', PRIMARY KEY (team_id, user_id), CONSTRAINT members_user FOREIGN KEY (user_id) REFERENCES "User" ("ID") ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE billing.invoices (id uuid DEFAULT gen_random_uuid() PRIMARY KEY, number bigint DEFAULT nextval('ticket_numbers') UNIQUE, total billing.amount NOT NULL, team_id bigint, user_id int, event_id bigint, event_at date, during tstzrange, FOREIGN KEY (team_id, user_id) REFERENCES members (team_id, user_id), CONSTRAINT once EXCLUDE USING gist (team_id WITH =, during WITH &&) WHERE (total > 0));
CREATE TABLE notes (id smallserial PRIMARY KEY, parent smallint REFERENCES notes(id), body text, x int CHECK (x BETWEEN 1 AND 10), y int, CHECK (x < y), CHECK (CASE WHEN x > 1 THEN y > 2 ELSE y > 3 END), kind text DEFAULT 'a' CHECK (kind IN ('a', 'b')));
CREATE INDEX notes_brin ON notes USING brin (x);
