-- The papers of a dossier (thành phần hồ sơ). A paper that was replaced stays: its history belongs to the case (R081).
CREATE TABLE dossiers.paper (
    id            uuid        PRIMARY KEY,
    dossier_id    uuid        NOT NULL REFERENCES dossiers.dossier (id),
    paper         text        NOT NULL,
    file_id       uuid        NOT NULL,
    file_name     text        NOT NULL,
    media_type    text        NOT NULL,
    size          bigint      NOT NULL CHECK (size > 0),
    sha256        text        NOT NULL,
    round         integer     NOT NULL CHECK (round >= 0),   -- 0 at submission, then the round of the supplement
    added_at      timestamptz NOT NULL,
    added_by      text        NOT NULL,
    replaced_at   timestamptz,
    CONSTRAINT paper_file UNIQUE (file_id)
);
CREATE INDEX paper_dossier ON dossiers.paper (dossier_id, id);

-- A request for supplements (phiếu yêu cầu bổ sung, form 02): everything at once.
CREATE TABLE dossiers.supplement (
    dossier_id    uuid        NOT NULL REFERENCES dossiers.dossier (id),
    round         integer     NOT NULL CHECK (round > 0),
    items         jsonb       NOT NULL CHECK (jsonb_array_length(items) > 0),
    note          text        NOT NULL,
    reason        text,                                     -- why there is a second round
    asked_at      timestamptz NOT NULL,
    asked_by      text        NOT NULL,
    supplied_at   timestamptz,
    supplied_note text,
    due_before    timestamptz,
    due_after     timestamptz,
    waited_minutes bigint,
    PRIMARY KEY (dossier_id, round),
    CONSTRAINT supplement_reason CHECK (round = 1 OR reason IS NOT NULL)
);

-- Fees and charges (phí, lệ phí): what is due and what was paid at the counter.
CREATE TABLE dossiers.fee (
    dossier_id     uuid        NOT NULL REFERENCES dossiers.dossier (id),
    fee            text        NOT NULL,
    amount         bigint      NOT NULL CHECK (amount >= 0),
    collect        text        NOT NULL CHECK (collect IN ('at_intake', 'at_return')),
    paid_at        timestamptz,
    receipt_number text,
    collected_by   text,
    PRIMARY KEY (dossier_id, fee),
    CONSTRAINT fee_paid CHECK ((paid_at IS NULL) = (collected_by IS NULL))
);

-- Papers that the platform made: receipts, requests, refusals, apologies, results.
CREATE TABLE dossiers.document (
    id                uuid        PRIMARY KEY,
    dossier_id        uuid        NOT NULL REFERENCES dossiers.dossier (id),
    kind              text        NOT NULL CHECK (kind IN ('reception', 'supplement', 'refusal', 'apology', 'answers', 'result')),
    number            text        NOT NULL,
    verification_code text        NOT NULL CHECK (verification_code ~ '^[0-9A-HJKMNP-TV-Z]{20}$'),
    sha256            text        NOT NULL CHECK (length(sha256) = 64),
    file_id           uuid        NOT NULL,
    agency_id         uuid        NOT NULL,
    agency_name       text        NOT NULL,
    result_type       text,
    issued_at         timestamptz NOT NULL,
    issued_by         text        NOT NULL,
    CONSTRAINT document_verification UNIQUE (verification_code)
);
CREATE INDEX document_dossier ON dossiers.document (dossier_id, id);
