-- A timer event that waits. Its job carries the generation; a job of an older generation does nothing.
CREATE TABLE workflow.timer (
    id                uuid        PRIMARY KEY,
    instance_id       uuid        NOT NULL REFERENCES workflow.instance (id) ON DELETE CASCADE,
    token             integer     NOT NULL,
    node              text        NOT NULL,
    state             text        NOT NULL CHECK (state IN ('scheduled', 'paused', 'fired', 'cancelled')),
    fires_at          timestamptz,
    -- working minutes left while the instance is suspended
    remaining_minutes bigint,
    generation        integer     NOT NULL CHECK (generation > 0),
    created_at        timestamptz NOT NULL,
    closed_at         timestamptz,
    CHECK (state <> 'scheduled' OR fires_at IS NOT NULL),
    CHECK ((state = 'paused') = (remaining_minutes IS NOT NULL)),
    CHECK (state IN ('fired', 'cancelled') = (closed_at IS NOT NULL))
);

CREATE INDEX timer_instance ON workflow.timer (instance_id);
CREATE UNIQUE INDEX timer_open ON workflow.timer (instance_id, token, node) WHERE state IN ('scheduled', 'paused');
