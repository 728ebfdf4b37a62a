CREATE SCHEMA dossiers;

-- The catalogue of administrative procedures (danh mục thủ tục hành chính): facts only, one row a procedure.
CREATE TABLE dossiers.procedure (
    code text PRIMARY KEY,
    name text NOT NULL,
    field text NOT NULL,
    levels text[] NOT NULL,
    kind text NOT NULL,
    decision text NOT NULL,
    result_codes text[] NOT NULL,
    result_names text[] NOT NULL,
    audiences text[] NOT NULL,
    link text NOT NULL,
    deadline_value integer,
    deadline_unit text,
    fee_min bigint,
    fee_max bigint,
    channels text[] NOT NULL,
    -- Name, field and code without tones, for search.
    folded text NOT NULL,
    search tsvector GENERATED ALWAYS AS (to_tsvector('simple', folded)) STORED,
    -- The system under apps/ that carries it out online, and the level at which this province receives it.
    app text,
    online_level text,
    loaded_at timestamptz NOT NULL
);
CREATE INDEX procedure_search ON dossiers.procedure USING gin (search);
CREATE INDEX procedure_field ON dossiers.procedure (field, code);

-- Names of the papers that a procedure asks for, where they can be read reliably.
CREATE TABLE dossiers.procedure_paper (
    code text NOT NULL REFERENCES dossiers.procedure ON DELETE CASCADE,
    seq integer NOT NULL,
    name text NOT NULL,
    originals integer,
    copies integer,
    handing text,
    has_form boolean NOT NULL,
    conditional boolean NOT NULL,
    PRIMARY KEY (code, seq)
);

-- Official texts, imported by an administrator; not part of the repository.
CREATE TABLE dossiers.procedure_text (
    code text NOT NULL REFERENCES dossiers.procedure ON DELETE CASCADE,
    section text NOT NULL,
    body text NOT NULL,
    imported_at timestamptz NOT NULL,
    PRIMARY KEY (code, section)
);
