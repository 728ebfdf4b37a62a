-- What lists show of a file, so that they need not ask the engine of files for each.
ALTER TABLE forms.attachment
    ADD COLUMN media_type text NOT NULL DEFAULT '',
    ADD COLUMN size bigint NOT NULL DEFAULT 0 CHECK (size >= 0);
ALTER TABLE forms.attachment
    ALTER COLUMN media_type DROP DEFAULT,
    ALTER COLUMN size DROP DEFAULT;
