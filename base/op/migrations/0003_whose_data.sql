-- Whose personal data an entry is about, so that people can see who has looked at theirs. Part of the digest where it is known.
ALTER TABLE op.audit_entry ADD COLUMN person uuid;
CREATE INDEX audit_entry_person ON op.audit_entry (person, id DESC) WHERE person IS NOT NULL;
