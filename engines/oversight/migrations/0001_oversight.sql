-- Watching over rights (giám sát quyền, R035 to R037, R045).
CREATE SCHEMA oversight;

-- A review of all rights (đợt rà soát quyền), one a quarter.
CREATE TABLE oversight.campaign (
    id           uuid        PRIMARY KEY,
    quarter      text        NOT NULL CHECK (quarter ~ '^[0-9]{4}-Q[1-4]$'),
    opened_at    timestamptz NOT NULL,
    opened_by    text        NOT NULL,      -- name of the official; empty: the platform by itself
    due_at       timestamptz NOT NULL,
    filled_at    timestamptz,               -- when its lines were written down
    escalated_at timestamptz,               -- when those above were told of what was not answered
    final_at     timestamptz,               -- when what is not answered is settled by the declared rule
    closed_at    timestamptz,
    CONSTRAINT campaign_quarter UNIQUE (quarter),
    CONSTRAINT campaign_escalation CHECK ((escalated_at IS NULL) = (final_at IS NULL))
);

-- One official, one position, one role, as they were when the review began.
CREATE TABLE oversight.review_line (
    id          uuid        PRIMARY KEY,
    campaign    uuid        NOT NULL REFERENCES oversight.campaign,
    agency      uuid        NOT NULL,
    agency_name text        NOT NULL,
    person      uuid        NOT NULL,
    name        text        NOT NULL,
    name_key    text        NOT NULL COLLATE "C",
    position    uuid        NOT NULL,
    title       text        NOT NULL,
    role        text        NOT NULL,
    privileged  boolean     NOT NULL,
    verdict     text        CHECK (verdict IN ('kept', 'taken_back', 'ended', 'left')),  -- ended, left: by the rule, when nobody answered
    reason      text        NOT NULL DEFAULT '',
    answered_by uuid,                       -- person; NULL: the rule
    answered_name text      NOT NULL DEFAULT '',
    answered_at timestamptz,
    CONSTRAINT review_line_once UNIQUE (campaign, person, position, role),
    CONSTRAINT review_line_answer CHECK ((verdict IS NULL) = (answered_at IS NULL))
);
CREATE INDEX review_line_agency ON oversight.review_line (campaign, agency, name_key, id);
CREATE INDEX review_line_person ON oversight.review_line (person, id DESC);
CREATE INDEX review_line_open ON oversight.review_line (campaign) WHERE verdict IS NULL;

-- What whoever took a right for an emergency reports (báo cáo dùng quyền khẩn cấp), and what another one says of it.
CREATE TABLE oversight.emergency_report (
    emergency   uuid        PRIMARY KEY,
    account     uuid        NOT NULL,
    due_at      timestamptz NOT NULL,
    text        text        NOT NULL DEFAULT '',
    written_at  timestamptz,
    verdict     text        CHECK (verdict IN ('accepted', 'questioned')),
    note        text        NOT NULL DEFAULT '',
    reviewed_by text        NOT NULL DEFAULT '',
    reviewed_at timestamptz,
    told_late_at timestamptz,
    CONSTRAINT emergency_report_verdict CHECK ((verdict IS NULL) = (reviewed_at IS NULL)),
    CONSTRAINT emergency_report_written CHECK (verdict IS NULL OR written_at IS NOT NULL)
);
CREATE INDEX emergency_report_account ON oversight.emergency_report (account, emergency DESC);
CREATE INDEX emergency_report_due ON oversight.emergency_report (due_at) WHERE written_at IS NULL AND told_late_at IS NULL;
