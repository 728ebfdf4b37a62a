-- Under which key a row is sealed (zeroes: not at all): a change of keys and what seals the rows of an older program are led to what is left of them,
-- and what lies under each key is counted without reading a sealed text.
DROP INDEX privacy.request_plain;
DROP INDEX privacy.request_line_plain;
CREATE INDEX request_key ON privacy.request (coalesce(substring(sealed FROM 2 FOR 4), '\x00000000'), id);
CREATE INDEX request_line_key ON privacy.request_line (coalesce(substring(sealed FROM 2 FOR 4), '\x00000000'), id);
