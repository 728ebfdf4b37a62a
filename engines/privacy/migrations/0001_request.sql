CREATE SCHEMA privacy;

-- What people ask about their data (yêu cầu của chủ thể dữ liệu). What the law promised on the day of the request is kept with it.
CREATE TABLE privacy.request (
    id               uuid        PRIMARY KEY,
    number           bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,   -- what people quote; gaps mean nothing
    person           uuid        NOT NULL,
    account          uuid        NOT NULL,
    kind             text        NOT NULL CHECK (kind IN
                         ('see', 'provide', 'correct', 'delete', 'restrict', 'object', 'withdraw_consent', 'protect')),
    details          text        NOT NULL,
    wishes           jsonb       NOT NULL DEFAULT '[]',      -- of a correction: [field, value]
    state            text        NOT NULL CHECK (state IN ('received', 'acknowledged', 'answered', 'withdrawn')),
    law              text        NOT NULL,                   -- key of the law, and how it is quoted
    article          text        NOT NULL,
    term             jsonb       NOT NULL,                   -- what it allows for this kind
    received_at      timestamptz NOT NULL,
    acknowledge_due  timestamptz,
    due_at           timestamptz NOT NULL,
    acknowledged_at  timestamptz,
    third_party      boolean     NOT NULL DEFAULT false,
    extended_at      timestamptz,
    extension_reason text,
    ended_at         timestamptz,
    outcome          text        CHECK (outcome IN ('granted', 'partly', 'refused')),
    answer           text,
    ground           text,                                   -- legal ground of a refusal, whole or in part
    late_told_for    timestamptz,                            -- the due that was found passed, and told to officials
    -- What is due next, while anything is.
    next_due         timestamptz GENERATED ALWAYS AS (
                         CASE state
                             WHEN 'received' THEN least(acknowledge_due, due_at)
                             WHEN 'acknowledged' THEN due_at
                         END) STORED,
    CONSTRAINT request_end CHECK ((ended_at IS NULL) = (state IN ('received', 'acknowledged'))),
    CONSTRAINT request_answer CHECK ((state = 'answered') = (outcome IS NOT NULL) AND (outcome IS NULL) = (answer IS NULL)),
    CONSTRAINT request_ground CHECK (outcome IS NULL OR outcome = 'granted' OR ground IS NOT NULL),
    CONSTRAINT request_extension CHECK ((extended_at IS NULL) = (extension_reason IS NULL))
);
CREATE UNIQUE INDEX request_open ON privacy.request (person, kind) WHERE state IN ('received', 'acknowledged');
CREATE INDEX request_person ON privacy.request (person, received_at DESC, id DESC);
CREATE INDEX request_next ON privacy.request (next_due, id) WHERE next_due IS NOT NULL;
CREATE INDEX request_ended ON privacy.request (ended_at DESC, id DESC) WHERE ended_at IS NOT NULL;

-- What was done, in order. What a correction changed stands here, before and after, and not in the audit trail.
CREATE TABLE privacy.request_line (
    id         bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    request    uuid        NOT NULL REFERENCES privacy.request,
    at         timestamptz NOT NULL,
    action     text        NOT NULL CHECK (action IN ('received', 'acknowledged', 'extended', 'answered', 'withdrawn', 'late')),
    actor      text        NOT NULL,
    actor_name text        NOT NULL,                         -- of an official, with position and agency; empty for the person
    detail     jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX request_line_request ON privacy.request_line (request, id);
