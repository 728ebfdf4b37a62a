CREATE SCHEMA files;

-- The content itself lies on the disk under its SHA-256; this is what we know about it.
CREATE TABLE files.blob (
    sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    size bigint NOT NULL CHECK (size > 0),
    -- What the check noticed without refusing, e.g. 'pdf_script'.
    flags text[] NOT NULL DEFAULT '{}',
    scan text NOT NULL DEFAULT 'unscanned' CHECK (scan IN ('unscanned', 'clean', 'infected')),
    -- When the last file row came or went: a blob without rows is swept a day after that.
    touched_at timestamptz NOT NULL
);
CREATE INDEX blob_touched_at ON files.blob (touched_at);
