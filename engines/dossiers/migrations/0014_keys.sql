-- Under which key a row is sealed (zeroes: not at all): a change of keys and what seals the rows of an older program are led to what is left of them,
-- and what lies under each key is counted without reading a sealed text.
DROP INDEX dossiers.dossier_plain;
DROP INDEX dossiers.supplement_plain;
DROP INDEX dossiers.paper_plain;
CREATE INDEX dossier_key ON dossiers.dossier (coalesce(substring(sealed FROM 2 FOR 4), '\x00000000'), id);
CREATE INDEX supplement_key ON dossiers.supplement (coalesce(substring(sealed FROM 2 FOR 4), '\x00000000'), dossier_id, round);
CREATE INDEX paper_key ON dossiers.paper (coalesce(substring(sealed FROM 2 FOR 4), '\x00000000'), id);
