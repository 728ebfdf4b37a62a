CREATE SCHEMA forms;

-- Every version of every form that was ever published: an open draft keeps the one it began with.
CREATE TABLE forms.definition (
    app text NOT NULL CHECK (app <> ''),
    form text NOT NULL CHECK (form <> ''),
    -- SHA-256 of the body, hex.
    version text NOT NULL CHECK (version ~ '^[0-9a-f]{64}$'),
    body jsonb NOT NULL,
    published_at timestamptz NOT NULL,
    -- The version that new drafts begin with.
    current boolean NOT NULL,
    PRIMARY KEY (app, form, version)
);
CREATE UNIQUE INDEX definition_current ON forms.definition (app, form) WHERE current;
