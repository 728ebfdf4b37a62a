-- What somebody has typed for a supplement and not sent yet: kept while papers are uploaded, and when a session ends.
ALTER TABLE dossiers.supplement
    ADD COLUMN typed      jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN typed_note text  NOT NULL DEFAULT '';
