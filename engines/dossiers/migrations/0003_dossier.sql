-- The case (hồ sơ). Index design for millions: every list below is one range of one index.
CREATE TABLE dossiers.dossier (
    id               uuid        PRIMARY KEY,           -- version 7: grows with time, so it orders lists
    code             text        NOT NULL,
    definition_id    uuid        NOT NULL REFERENCES dossiers.definition (id),
    app              text        NOT NULL,
    procedure_code   text        NOT NULL,
    title            text        NOT NULL,
    channel          text        NOT NULL CHECK (channel IN ('online', 'counter', 'post')),
    status           smallint    NOT NULL CHECK (status BETWEEN 1 AND 10),
    version          bigint      NOT NULL CHECK (version > 0),

    -- agencies: a dossier is held by those at work on it; `agencies` are all that hold or held it
    receiving_agency uuid        NOT NULL,
    handling_agency  uuid        NOT NULL,
    agencies         uuid[]      NOT NULL CHECK (cardinality(agencies) > 0),
    receiving_code   text        NOT NULL,
    receiving_name   text        NOT NULL,

    -- parties: whose it is (chủ hồ sơ) and who handed it in (người nộp)
    owner_person     uuid,
    owner_name       text        NOT NULL,
    owner_number     text,
    phone            text,
    email            text,
    submitter_person uuid,
    submitter_account uuid,
    submitter_name   text        NOT NULL,

    answers          jsonb       NOT NULL,
    result_data      jsonb       NOT NULL DEFAULT '{}',
    search           tsvector    NOT NULL,              -- folded words and `agency:<uuid>`, made by the engine
    instance_id      uuid        NOT NULL,
    draft_id         uuid        NOT NULL,

    submitted_at     timestamptz NOT NULL,
    received_at      timestamptz,
    promised_at      timestamptz,                       -- due when nobody has apologised: what punctuality is measured by
    due_at           timestamptz,                       -- what the applicant was told last
    waiting_since    timestamptz,                       -- the clock stands: a supplement or a payment is awaited
    waited_minutes   bigint      NOT NULL DEFAULT 0 CHECK (waited_minutes >= 0),
    supplied         boolean     NOT NULL DEFAULT false,
    resume_status    smallint    CHECK (resume_status IN (1, 2, 4)),
    rounds           integer     NOT NULL DEFAULT 0 CHECK (rounds >= 0),
    late_at          timestamptz,                       -- when it was found late
    apologised_at    timestamptz,
    finished_at      timestamptz,                       -- reached 3, 7, 8 or 9
    returned_at      timestamptz,
    updated_at       timestamptz NOT NULL,

    CONSTRAINT dossier_code UNIQUE (code),
    CONSTRAINT dossier_draft UNIQUE (draft_id),
    CONSTRAINT dossier_waiting CHECK (status IN (5, 6) OR waiting_since IS NULL),
    CONSTRAINT dossier_resume CHECK ((status = 5) = (resume_status IS NOT NULL)),
    CONSTRAINT dossier_reception CHECK (received_at IS NULL OR (promised_at IS NOT NULL AND due_at IS NOT NULL)),
    CONSTRAINT dossier_late CHECK (late_at IS NULL OR due_at IS NOT NULL),
    CONSTRAINT dossier_returned CHECK ((status = 10) = (returned_at IS NOT NULL))
);
CREATE INDEX dossier_owner ON dossiers.dossier (owner_person, id DESC) WHERE owner_person IS NOT NULL;
CREATE INDEX dossier_submitter ON dossiers.dossier (submitter_person, id DESC) WHERE submitter_person IS NOT NULL;
CREATE INDEX dossier_ledger ON dossiers.dossier (receiving_agency, received_at, id) WHERE received_at IS NOT NULL;
CREATE INDEX dossier_search ON dossiers.dossier USING gin (search);

-- Numbers without gaps or doubles: a row is counted up in the transaction that uses the number.
CREATE TABLE dossiers.number_series (
    agency_id uuid    NOT NULL,
    series    text    NOT NULL CHECK (series IN ('dossier', 'document')),
    period    text    NOT NULL,                         -- the day 260302 for dossiers, the year 2026 for documents
    last      integer NOT NULL CHECK (last > 0),
    PRIMARY KEY (agency_id, series, period)
);
