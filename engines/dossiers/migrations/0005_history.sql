-- Who did what, from which office, when and why (phiếu kiểm soát quá trình, form 06). Rows are only added.
CREATE TABLE dossiers.history (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dossier_id     uuid        NOT NULL REFERENCES dossiers.dossier (id),
    at             timestamptz NOT NULL,
    action         text        NOT NULL,
    actor          text        NOT NULL,                    -- as the audit trail writes it: official:<account>
    actor_name     text        NOT NULL,
    position_title text,
    agency_id      uuid,
    agency_name    text,
    task           text,                                    -- the step of the process
    outcome        text,
    status_before  smallint,
    status_after   smallint    NOT NULL,
    note           text,
    internal       boolean     NOT NULL,                    -- the note is for officials only
    detail         jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX history_dossier ON dossiers.history (dossier_id, id);

-- How content people are (R098), once a dossier.
CREATE TABLE dossiers.rating (
    dossier_id uuid        PRIMARY KEY REFERENCES dossiers.dossier (id),
    score      smallint    NOT NULL CHECK (score BETWEEN 1 AND 5),
    comment    text        NOT NULL,
    at         timestamptz NOT NULL
);
