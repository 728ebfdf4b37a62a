-- Under which key a row is sealed (zeroes: not at all): a change of keys and what seals the rows of an older program are led to what is left of them,
-- and what lies under each key is counted without reading a sealed text.
DROP INDEX identity.person_plain;
DROP INDEX identity.account_plain;
CREATE INDEX person_key ON identity.person (coalesce(substring(sealed FROM 2 FOR 4), '\x00000000'), id);
CREATE INDEX account_key ON identity.account (coalesce(substring(sealed FROM 2 FOR 4), '\x00000000'), id);
