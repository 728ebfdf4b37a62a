-- Under which key a row is sealed (zeroes: not at all): a change of keys and what seals the rows of an older program are led to what is left of them,
-- and what lies under each key is counted without reading a sealed text.
DROP INDEX forms.draft_plain;
DROP INDEX forms.attachment_plain;
CREATE INDEX draft_key ON forms.draft (coalesce(substring(sealed FROM 2 FOR 4), '\x00000000'), id);
CREATE INDEX attachment_key ON forms.attachment (coalesce(substring(sealed FROM 2 FOR 4), '\x00000000'), draft, file);
