-- What people type is sealed by the vault (purpose forms.draft, row draft:<id>): answers, what was typed where a page was not understood, and what
-- the caller keeps with the draft, together. `answers`, `raw` and `context` hold what an older program wrote, until `forms.seal` has been by.
ALTER TABLE forms.draft
    ADD COLUMN sealed bytea,
    ALTER COLUMN sealed SET STORAGE EXTERNAL,
    ALTER COLUMN context SET DEFAULT '{}',
    ADD CONSTRAINT draft_sealed CHECK (sealed IS NULL OR (answers = '{}' AND raw = '{}' AND context = '{}'));
CREATE INDEX draft_plain ON forms.draft (id) WHERE sealed IS NULL;

-- Names of files, as their owners call them (purpose forms.attachment, row draft:<draft>/file:<file>).
ALTER TABLE forms.attachment
    ADD COLUMN sealed bytea,
    ALTER COLUMN name DROP NOT NULL,
    ADD CONSTRAINT attachment_sealed CHECK (num_nonnulls(name, sealed) = 1);
CREATE INDEX attachment_plain ON forms.attachment (draft, file) WHERE sealed IS NULL;
