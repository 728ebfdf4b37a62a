-- Work for one official.
CREATE TABLE workflow.task (
    id                  uuid        PRIMARY KEY,
    instance_id         uuid        NOT NULL REFERENCES workflow.instance (id) ON DELETE CASCADE,
    token               integer     NOT NULL,
    node                text        NOT NULL,
    role                text        NOT NULL,
    agency_id           uuid        NOT NULL,
    assignee_id         uuid,
    assignee_name       text,
    outcomes            text[]      NOT NULL CHECK (cardinality(outcomes) > 0),
    due_at              timestamptz,
    -- working minutes left of the inner deadline while the instance is suspended; negative when it had passed already
    remaining_minutes   bigint,
    state               text        NOT NULL CHECK (state IN ('ready', 'sleeping', 'done', 'cancelled')),
    version             bigint      NOT NULL CHECK (version > 0),
    created_at          timestamptz NOT NULL,
    completed_at        timestamptz,
    completed_by        uuid,
    completed_by_name   text,
    outcome             text,
    CHECK ((assignee_id IS NULL) = (assignee_name IS NULL)),
    CHECK (state IN ('done', 'cancelled') = (completed_at IS NOT NULL)),
    CHECK ((state = 'done') = (outcome IS NOT NULL)),
    CHECK (outcome IS NULL OR outcome = ANY (outcomes))
);

CREATE INDEX task_instance ON workflow.task (instance_id, id);
CREATE UNIQUE INDEX task_open_token ON workflow.task (instance_id, token) WHERE state IN ('ready', 'sleeping');
-- The work list of an agency, the most urgent first.
CREATE INDEX task_worklist ON workflow.task (agency_id, role, (COALESCE(due_at, 'infinity'::timestamptz)), id) WHERE state = 'ready';
CREATE INDEX task_assignee ON workflow.task (assignee_id, id) WHERE state IN ('ready', 'sleeping') AND assignee_id IS NOT NULL;
