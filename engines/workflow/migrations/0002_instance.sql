-- One run of a process for one subject ("dossier:<uuid>").
CREATE TABLE workflow.instance (
    id            uuid        PRIMARY KEY,
    definition_id uuid        NOT NULL REFERENCES workflow.definition (id),
    subject       text        NOT NULL CHECK (subject <> ''),
    -- name of an agency parameter -> uuid of the agency
    agencies      jsonb       NOT NULL CHECK (jsonb_typeof(agencies) = 'object'),
    variables     jsonb       NOT NULL CHECK (jsonb_typeof(variables) = 'object'),
    state         text        NOT NULL CHECK (state IN ('running', 'suspended', 'ended', 'cancelled')),
    -- the number that the next token gets
    next_token    integer     NOT NULL CHECK (next_token >= 0),
    version       bigint      NOT NULL CHECK (version > 0),
    started_at    timestamptz NOT NULL,
    suspended_at  timestamptz,
    ended_at      timestamptz,
    -- the end event that was reached last, or nothing when cancelled
    end_node      text,
    reason        text,
    CHECK ((state = 'suspended') = (suspended_at IS NOT NULL)),
    CHECK ((state IN ('ended', 'cancelled')) = (ended_at IS NOT NULL))
);

CREATE INDEX instance_subject ON workflow.instance (subject, id);
CREATE INDEX instance_open ON workflow.instance (definition_id) WHERE state IN ('running', 'suspended');

-- Where a running instance stands. A token at a parallel gateway remembers the flow on which it came.
CREATE TABLE workflow.token (
    instance_id uuid    NOT NULL REFERENCES workflow.instance (id) ON DELETE CASCADE,
    token       integer NOT NULL CHECK (token >= 0),
    node        text    NOT NULL,
    via         text,
    PRIMARY KEY (instance_id, token)
);
