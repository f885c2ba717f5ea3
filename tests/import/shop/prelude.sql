-- What no request describes, and tables lean on.
CREATE TYPE mood AS ENUM ('no', 'on', '2024-01-01', 'ok');
CREATE DOMAIN email AS text CHECK (VALUE ~ '@');
CREATE TYPE address AS (street text, zip varchar(10));
CREATE SCHEMA billing;
CREATE DOMAIN billing.amount AS numeric(12,2) CHECK (VALUE >= 0);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
CREATE FUNCTION slugify(t text) RETURNS text LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT lower(t); END;
CREATE SEQUENCE ticket_numbers START 1000;
CREATE EXTENSION citext; CREATE EXTENSION btree_gist;
CREATE TABLE events (id bigint NOT NULL, at date NOT NULL, payload jsonb, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE UNLOGGED TABLE cache (k text PRIMARY KEY, v text);
