-- One upload: a name given to a content, held by one thing of another engine.
CREATE TABLE files.file (
    id uuid PRIMARY KEY,
    sha256 bytea NOT NULL REFERENCES files.blob (sha256),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 120),
    media_type text NOT NULL,
    purpose text NOT NULL,
    -- 'draft:<uuid>', 'dossier:<uuid>' …: an identifier only, the thing lives in another schema.
    holder text NOT NULL CHECK (holder <> ''),
    uploaded_by text NOT NULL,
    uploaded_at timestamptz NOT NULL
);
CREATE INDEX file_holder ON files.file (holder, uploaded_at, id);
CREATE INDEX file_sha256 ON files.file (sha256);
