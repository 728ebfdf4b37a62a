CREATE SCHEMA op;

-- The outbox: what happened, for listeners that follow with a cursor.
CREATE TABLE op.event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    subject text NOT NULL,
    payload jsonb NOT NULL,
    actor text NOT NULL,
    request uuid NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX event_subject ON op.event (subject, id);

-- Work for later.
CREATE TABLE op.job (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    run_at timestamptz NOT NULL,
    once_key text,
    attempts integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    last_error text,
    dead boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX job_once ON op.job (once_key) WHERE once_key IS NOT NULL;
CREATE INDEX job_due ON op.job (run_at) WHERE NOT dead;

-- Who did what. Rows are only added; the seal below makes a later change visible.
CREATE TABLE op.audit_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    purpose text NOT NULL,
    request uuid NOT NULL,
    detail text NOT NULL,
    digest bytea NOT NULL
);
CREATE INDEX audit_entry_subject ON op.audit_entry (subject, id);
CREATE INDEX audit_entry_actor ON op.audit_entry (actor, id);

CREATE TABLE op.audit_seal (
    position bigint PRIMARY KEY,
    entry bigint NOT NULL UNIQUE,
    chain bytea NOT NULL
);

-- Outcomes of requests that must not be carried out twice.
CREATE TABLE op.outcome (
    key text PRIMARY KEY,
    value jsonb NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX outcome_at ON op.outcome (at);
