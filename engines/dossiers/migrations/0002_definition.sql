-- What a system declares about a procedure that is online, version by version. A dossier keeps the version with which it began.
CREATE TABLE dossiers.definition (
    id             uuid        PRIMARY KEY,
    app            text        NOT NULL CHECK (app ~ '^[a-z][a-z0-9_-]{0,62}$'),
    procedure_code text        NOT NULL,
    version        integer     NOT NULL CHECK (version > 0),
    sha256         text        NOT NULL CHECK (length(sha256) = 64),
    declaration    jsonb       NOT NULL,              -- of the procedure
    form_version   text        NOT NULL CHECK (length(form_version) = 64),
    form           jsonb       NOT NULL,              -- the form as it was then
    refusal_reasons text[]     NOT NULL,              -- keys of the system's list (form 03)
    in_force       boolean     NOT NULL,
    published_at   timestamptz NOT NULL,
    CONSTRAINT definition_version UNIQUE (app, version),
    CONSTRAINT definition_content UNIQUE (app, sha256)
);
-- One app serves a procedure at a time, one version of it is in force.
CREATE UNIQUE INDEX definition_procedure ON dossiers.definition (procedure_code) WHERE in_force;
CREATE UNIQUE INDEX definition_app ON dossiers.definition (app) WHERE in_force;
