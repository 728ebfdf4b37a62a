-- People, agencies, positions, accounts and sessions.
CREATE SCHEMA identity;

-- Both extensions come with the server package and are trusted: the owner of the database may create them.
-- pg_trgm finds a word inside 730,000 folded names; btree_gist forbids two meanings of one code on one day.
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
