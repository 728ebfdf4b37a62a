-- What a case holds of its people is sealed by the vault (purpose dossiers.case, row dossier:<id>): answers, what was entered for the result, number,
-- telephone and e-mail of the owner, together. The plain columns hold what an older program wrote, until `dossiers.seal` has been by.
ALTER TABLE dossiers.dossier
    ADD COLUMN sealed bytea,
    ALTER COLUMN sealed SET STORAGE EXTERNAL,
    ALTER COLUMN answers SET DEFAULT '{}',
    ADD CONSTRAINT dossier_sealed CHECK (
        sealed IS NULL
        OR (answers = '{}' AND result_data = '{}' AND num_nonnulls(owner_number, phone, email) = 0));
CREATE INDEX dossier_plain ON dossiers.dossier (id) WHERE sealed IS NULL;

-- What somebody has typed for a supplement (purpose dossiers.supplement, row dossier:<id>/round:<n>).
ALTER TABLE dossiers.supplement
    ADD COLUMN sealed bytea,
    ADD CONSTRAINT supplement_sealed CHECK (sealed IS NULL OR (typed = '{}' AND typed_note = ''));
CREATE INDEX supplement_plain ON dossiers.supplement (dossier_id, round)
 WHERE sealed IS NULL AND (typed <> '{}' OR typed_note <> '');

-- Names of files, as their owners call them (purpose dossiers.paper, row paper:<id>).
ALTER TABLE dossiers.paper
    ADD COLUMN sealed bytea,
    ALTER COLUMN file_name DROP NOT NULL,
    ADD CONSTRAINT paper_sealed CHECK (num_nonnulls(file_name, sealed) = 1);
CREATE INDEX paper_plain ON dossiers.paper (id) WHERE sealed IS NULL;

-- Numbers stand among the words of `dossiers.holding` as keyed hashes: '#', the number of the key, the first twelve bytes of the tag.
