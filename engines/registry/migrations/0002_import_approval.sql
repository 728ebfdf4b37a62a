-- A file that is brought into a register whose owner approves waits until somebody else has approved it.
ALTER TABLE registry.import
    ADD COLUMN asked_at     timestamptz,
    ADD COLUMN decided_by   uuid,
    ADD COLUMN decided_name text NOT NULL DEFAULT '',
    ADD COLUMN decided_at   timestamptz,
    ADD COLUMN note         text NOT NULL DEFAULT '',
    DROP CONSTRAINT import_state_check,
    ADD CONSTRAINT import_state_check
        CHECK (state IN ('mapping', 'asked', 'waiting', 'running', 'done', 'stopped', 'broken', 'refused')),
    DROP CONSTRAINT import_ended,
    ADD CONSTRAINT import_ended CHECK ((state IN ('done', 'stopped', 'broken', 'refused')) = (ended_at IS NOT NULL)),
    ADD CONSTRAINT import_asked CHECK (state <> 'asked' OR asked_at IS NOT NULL),
    -- Nobody decides on what they have brought, whatever a verb forgets.
    ADD CONSTRAINT import_four_eyes CHECK (decided_by <> started_by);
CREATE INDEX import_asked ON registry.import (register, id) WHERE state = 'asked';
