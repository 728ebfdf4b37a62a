-- Breaches of the protection of personal data (vi phạm quy định về bảo vệ dữ liệu cá nhân), and the clock that runs from noticing one.
CREATE TABLE privacy.incident (
    id           uuid        PRIMARY KEY,
    number       bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    title        text        NOT NULL,
    what         text        NOT NULL,                    -- what happened, how, where
    data         text        NOT NULL,                    -- which data
    whose        text        NOT NULL,                    -- whose
    affected     bigint      NOT NULL CHECK (affected >= 0),
    measures     text        NOT NULL,                    -- what was and will be done
    state        text        NOT NULL CHECK (state IN ('open', 'notified', 'closed')),
    article      text        NOT NULL,                    -- by which law the clock runs
    noticed_at   timestamptz NOT NULL,
    notify_by    timestamptz NOT NULL,
    warn_at      timestamptz[] NOT NULL,                  -- when officials are reminded, the last one is notify_by
    warned       integer     NOT NULL DEFAULT 0,          -- how many of these were told
    opened_at    timestamptz NOT NULL,
    notified_at  timestamptz,                             -- when the notice went to the authority
    notified_how text,
    late_reason  text,
    closed_at    timestamptz,
    CONSTRAINT incident_noticed CHECK (noticed_at <= opened_at),
    CONSTRAINT incident_notice CHECK ((notified_at IS NULL) = (notified_how IS NULL)),
    CONSTRAINT incident_late CHECK (notified_at IS NULL OR notified_at <= notify_by OR late_reason IS NOT NULL),
    CONSTRAINT incident_state CHECK ((state = 'open') = (notified_at IS NULL) AND (state = 'closed') = (closed_at IS NOT NULL))
);
CREATE INDEX incident_order ON privacy.incident (opened_at DESC, id DESC);
CREATE INDEX incident_open ON privacy.incident (notify_by) WHERE state = 'open';

CREATE TABLE privacy.incident_line (
    id         bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    incident   uuid        NOT NULL REFERENCES privacy.incident,
    at         timestamptz NOT NULL,
    action     text        NOT NULL CHECK (action IN ('opened', 'changed', 'notified', 'people_told', 'closed', 'warned')),
    actor_name text        NOT NULL,
    detail     jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX incident_line_incident ON privacy.incident_line (incident, id);

-- Who was told that their data was concerned: once a person and incident.
CREATE TABLE privacy.incident_person (
    incident uuid        NOT NULL REFERENCES privacy.incident,
    person   uuid        NOT NULL,
    told_at  timestamptz NOT NULL,
    reached  boolean     NOT NULL,                         -- has an account; the others are told by post or telephone
    PRIMARY KEY (incident, person)
);
