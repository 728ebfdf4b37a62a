-- One row an open task, with all that the inbox shows: the inbox reads this table alone.
CREATE TABLE dossiers.work (
    task_id        uuid        PRIMARY KEY,
    dossier_id     uuid        NOT NULL REFERENCES dossiers.dossier (id),
    agency_id      uuid        NOT NULL,
    role           text        NOT NULL,
    node           text        NOT NULL,
    assignee_id    uuid,
    assignee_name  text,
    ready          boolean     NOT NULL,                    -- false while a supplement or payment is awaited
    task_due_at    timestamptz,
    due_at         timestamptz,                             -- of the dossier
    order_at       timestamptz NOT NULL,                    -- the nearer of both, or else when the task came up: most urgent first
    created_at     timestamptz NOT NULL,
    code           text        NOT NULL,
    app            text        NOT NULL,
    procedure_code text        NOT NULL,
    title          text        NOT NULL,
    owner_name     text        NOT NULL,
    status         smallint    NOT NULL,
    -- Code, title and name without tones and in lower case, for search inside the inbox: made here, so that it cannot be forgotten.
    folded         text        NOT NULL GENERATED ALWAYS AS (
        lower(replace(replace(
            regexp_replace(normalize(code || ' ' || title || ' ' || owner_name, NFD), U&'[\0300-\036F]', '', 'g'),
            'Đ', 'd'), 'đ', 'd'))
    ) STORED
);
-- The inbox of an agency, and the tasks that one official has taken. The role is in the index so that other roles' rows are passed
-- over without a look at the table.
CREATE INDEX work_inbox ON dossiers.work (agency_id, order_at, task_id) INCLUDE (role, assignee_id) WHERE ready;
CREATE INDEX work_waiting ON dossiers.work (agency_id, order_at, task_id) INCLUDE (role, assignee_id) WHERE NOT ready;
CREATE INDEX work_assignee ON dossiers.work (assignee_id, order_at, task_id) WHERE assignee_id IS NOT NULL AND ready;
CREATE INDEX work_dossier ON dossiers.work (dossier_id);
