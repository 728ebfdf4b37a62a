CREATE SCHEMA workflow;

-- A process as its author wrote it. Rows are never changed except for `current`: a running case keeps its version for ever.
CREATE TABLE workflow.definition (
    id           uuid        PRIMARY KEY,
    app_key      text        NOT NULL,
    process_key  text        NOT NULL,
    version      integer     NOT NULL CHECK (version > 0),
    sha256       text        NOT NULL CHECK (length(sha256) = 64),
    bpmn         text        NOT NULL,
    binding      text        NOT NULL,
    -- New cases start with the current version.
    current      boolean     NOT NULL,
    published_at timestamptz NOT NULL,
    CONSTRAINT definition_version_once UNIQUE (app_key, process_key, version),
    CONSTRAINT definition_content_once UNIQUE (app_key, process_key, sha256)
);

CREATE UNIQUE INDEX definition_current ON workflow.definition (app_key, process_key) WHERE current;
