-- Registers (cơ sở dữ liệu, danh mục): what is declared, and what is done with records. The records lie in the schema `records`, in tables
-- that the program makes from what is declared (docs/decisions/2026-11-30-registers-in-real-columns.md).
CREATE SCHEMA registry;
CREATE SCHEMA records;
GRANT USAGE ON SCHEMA records TO ngabay_walled;
ALTER DEFAULT PRIVILEGES IN SCHEMA records GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ngabay_walled;

-- Every published version of every declaration.
CREATE TABLE registry.version (
    register     text        NOT NULL,
    digest       text        NOT NULL,
    definition   jsonb       NOT NULL,
    published_at timestamptz NOT NULL,
    published_by text        NOT NULL,
    PRIMARY KEY (register, digest)
);

-- The registers, and what the second wall needs to know of each.
CREATE TABLE registry.register (
    register     text        PRIMARY KEY,
    app          text        NOT NULL,
    digest       text        NOT NULL,
    owner        uuid        NOT NULL,      -- agency
    agencies     jsonb       NOT NULL,      -- the agencies that the declaration names, by its codes
    readers      text        NOT NULL CHECK (readers IN ('everybody', 'officials', 'owner')),
    enters       text[]      NOT NULL,      -- levels
    catalogue    boolean     NOT NULL,
    name_vi      text        NOT NULL,
    name_en      text        NOT NULL,
    name_key     text        NOT NULL COLLATE "C",
    words        text        NOT NULL,      -- folded
    published_at timestamptz NOT NULL,
    made         boolean     NOT NULL DEFAULT false,  -- whether it has tables: they are made with the first record
    CONSTRAINT register_version FOREIGN KEY (register, digest) REFERENCES registry.version
);
CREATE INDEX register_name ON registry.register (name_key, register);

-- What was entered or corrected and waits for the owner, or was decided (đề nghị cập nhật).
CREATE TABLE registry.proposal (
    id           uuid        PRIMARY KEY,
    register     text        NOT NULL REFERENCES registry.register,
    record       uuid,                      -- of a new one, once it is approved
    kind         text        NOT NULL CHECK (kind IN ('add', 'change', 'correct', 'end')),
    sealed       bytea       NOT NULL,      -- the command, why, and what it changes
    seen         bigint      NOT NULL,      -- the version that whoever proposes has seen; 0: none
    agency       uuid        NOT NULL,
    agency_name  text        NOT NULL,
    proposed_by  uuid        NOT NULL,      -- person
    proposed_name text       NOT NULL,
    proposed_at  timestamptz NOT NULL,
    follows      uuid        REFERENCES registry.proposal,  -- the one that was handed back or withdrawn for this one
    state        text        NOT NULL CHECK (state IN ('waiting', 'approved', 'refused', 'returned', 'withdrawn')),
    decided_by   uuid,
    decided_name text        NOT NULL DEFAULT '',
    decided_at   timestamptz,
    note         text        NOT NULL DEFAULT '',
    written      bigint,                    -- the version that came of it
    CONSTRAINT proposal_decided CHECK ((state = 'waiting') = (decided_at IS NULL)),
    -- Nobody decides on what they have proposed, whatever a verb forgets.
    CONSTRAINT proposal_four_eyes CHECK (state IN ('waiting', 'withdrawn') OR decided_by <> proposed_by),
    CONSTRAINT proposal_written CHECK ((state = 'approved') = (written IS NOT NULL))
);
CREATE INDEX proposal_register ON registry.proposal (register, state, id);
CREATE INDEX proposal_person ON registry.proposal (proposed_by, id);
CREATE UNIQUE INDEX proposal_follows ON registry.proposal (follows) WHERE follows IS NOT NULL;
CREATE INDEX proposal_key ON registry.proposal (substring(sealed FROM 2 FOR 4), id);

-- Whoever has proposed, and the agency that answers for the register.
ALTER TABLE registry.proposal ENABLE ROW LEVEL SECURITY;
CREATE POLICY reach ON registry.proposal TO ngabay_walled USING (
    proposed_by = (SELECT nullif(current_setting('ngabay.person', true), '')::uuid)
    OR register IN (
        SELECT own.register FROM registry.register AS own
         WHERE own.owner = ANY ((SELECT nullif(current_setting('ngabay.registry', true), '')::uuid[])::uuid[])
    )
);

-- Registers that somebody draws in the browser and has not put into force yet: each is whoever draws it alone.
CREATE TABLE registry.draft_register (
    id           uuid        PRIMARY KEY,
    person       uuid        NOT NULL,
    name         text        NOT NULL,      -- what it is to be called, as far as that is known
    tree         text        NOT NULL,      -- JSON: the declaration, as far as it is drawn
    made_at      timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL
);
CREATE INDEX draft_register_person ON registry.draft_register (person, changed_at DESC);
ALTER TABLE registry.draft_register ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON registry.draft_register TO ngabay_walled
    USING (person = (SELECT nullif(current_setting('ngabay.person', true), '')::uuid));

-- Changes of many records at once (sửa hàng loạt): what is asked, and how far it has come.
CREATE TABLE registry.bulk (
    id           uuid        PRIMARY KEY,
    register     text        NOT NULL REFERENCES registry.register,
    sealed       bytea       NOT NULL,      -- which records, what is set, why
    agency       uuid        NOT NULL,
    agency_name  text        NOT NULL,
    account      uuid        NOT NULL,      -- of whoever asks: it is carried out under their rights
    position     uuid        NOT NULL,
    asked_by     uuid        NOT NULL,      -- person
    asked_name   text        NOT NULL,
    asked_at     timestamptz NOT NULL,
    state        text        NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'refused', 'withdrawn', 'stopped')),
    decided_by   uuid,
    decided_name text        NOT NULL DEFAULT '',
    decided_at   timestamptz,
    note         text        NOT NULL DEFAULT '',
    chosen       bigint      NOT NULL,
    changed      bigint      NOT NULL DEFAULT 0,
    unchanged    bigint      NOT NULL DEFAULT 0,
    failed       bigint      NOT NULL DEFAULT 0,
    ended_at     timestamptz,
    CONSTRAINT bulk_four_eyes CHECK (decided_by <> asked_by),
    CONSTRAINT bulk_ended CHECK ((state IN ('waiting', 'running')) = (ended_at IS NULL))
);
CREATE INDEX bulk_register ON registry.bulk (register, id DESC);
CREATE INDEX bulk_person ON registry.bulk (asked_by, id DESC);
CREATE INDEX bulk_key ON registry.bulk (substring(sealed FROM 2 FOR 4), id);

-- The records that were chosen, as they were seen, and what became of each.
CREATE TABLE registry.bulk_record (
    bulk         uuid        NOT NULL REFERENCES registry.bulk ON DELETE CASCADE,
    place        bigint      NOT NULL,
    record       uuid        NOT NULL,
    seen         bigint      NOT NULL,      -- version
    state        text        NOT NULL CHECK (state IN ('waiting', 'changed', 'unchanged', 'failed')),
    fault        jsonb,                     -- what is wrong, without what was typed
    PRIMARY KEY (bulk, place),
    CONSTRAINT bulk_record_fault CHECK ((state = 'failed') = (fault IS NOT NULL))
);
CREATE INDEX bulk_record_waiting ON registry.bulk_record (bulk, place) WHERE state = 'waiting';
CREATE INDEX bulk_record_failed ON registry.bulk_record (bulk, place) WHERE state = 'failed';

ALTER TABLE registry.bulk ENABLE ROW LEVEL SECURITY;
CREATE POLICY reach ON registry.bulk TO ngabay_walled USING (
    asked_by = (SELECT nullif(current_setting('ngabay.person', true), '')::uuid)
    OR register IN (
        SELECT own.register FROM registry.register AS own
         WHERE own.owner = ANY ((SELECT nullif(current_setting('ngabay.registry', true), '')::uuid[])::uuid[])
    )
);
ALTER TABLE registry.bulk_record ENABLE ROW LEVEL SECURITY;
CREATE POLICY reach ON registry.bulk_record TO ngabay_walled
    USING (EXISTS (SELECT FROM registry.bulk WHERE bulk.id = bulk_record.bulk));

-- The feed of changes. Whoever follows it reads in the order of transactions that have all ended, so that none is passed over. An import
-- of new records is one line: its records have identifiers in one stretch.
CREATE TABLE registry.change (
    seq          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xact         xid8        NOT NULL DEFAULT pg_current_xact_id(),
    register     text        NOT NULL,
    record       uuid        NOT NULL,
    last         uuid,                      -- the last record of a stretch
    kind         text        NOT NULL CHECK (kind IN ('created', 'changed', 'corrected', 'ended', 'merged')),
    at           timestamptz NOT NULL
);
CREATE INDEX change_order ON registry.change (xact, seq);
CREATE INDEX change_register ON registry.change (register, xact, seq);

-- Records that were found to be the same as another one: old references find whoever remains.
CREATE TABLE registry.merged (
    register     text        NOT NULL,
    record       uuid        NOT NULL,
    into_record  uuid        NOT NULL,
    into_version bigint      NOT NULL,      -- the version of whoever remains, after it
    changed      boolean     NOT NULL,      -- whether whoever remains was changed by it
    at           timestamptz NOT NULL,
    by_person    uuid,
    by_name      text        NOT NULL,
    reason       text        NOT NULL,
    PRIMARY KEY (register, record)
);
CREATE INDEX merged_into ON registry.merged (register, into_record);
CREATE INDEX merged_when ON registry.merged (register, at DESC, record DESC);

-- References that a merge has led on, so that they are led back where it is undone.
CREATE TABLE registry.led_on (
    register     text        NOT NULL,      -- of the record that was merged
    record       uuid        NOT NULL,
    from_register text       NOT NULL,      -- of the record that refers to it
    from_record  uuid        NOT NULL,
    field        text        NOT NULL,
    valid_from   date        NOT NULL,
    PRIMARY KEY (register, record, from_register, from_record, field, valid_from),
    FOREIGN KEY (register, record) REFERENCES registry.merged ON DELETE CASCADE
);

-- Imports (nhập dữ liệu): a file, how its columns are read, how far it has come. The file lies in the store until the import has ended.
CREATE TABLE registry.import (
    id           uuid        PRIMARY KEY,
    register     text        NOT NULL REFERENCES registry.register,
    digest       text        NOT NULL,      -- version of the declaration by which it is read
    file         uuid,
    file_name    text        NOT NULL,
    file_size    bigint      NOT NULL,
    file_sha256  text        NOT NULL,
    format       text        NOT NULL,
    sheet        text        NOT NULL,      -- of a workbook; '' where it is not a named one
    sheets       text[]      NOT NULL,
    headings     text[]      NOT NULL,
    mapping      text[]      NOT NULL,      -- what each column is; empty until that is confirmed
    valid_from   date        NOT NULL,      -- of rows that say nothing of it
    agency       uuid        NOT NULL,
    started_by   uuid        NOT NULL,      -- person
    started_name text        NOT NULL,
    account      uuid        NOT NULL,
    position     uuid        NOT NULL,
    started_at   timestamptz NOT NULL,
    state        text        NOT NULL CHECK (state IN ('mapping', 'waiting', 'running', 'done', 'stopped', 'broken')),
    done_rows    bigint      NOT NULL DEFAULT 0,
    read_bytes   bigint      NOT NULL DEFAULT 0,
    created      bigint      NOT NULL DEFAULT 0,
    changed      bigint      NOT NULL DEFAULT 0,
    unchanged    bigint      NOT NULL DEFAULT 0,
    bad          bigint      NOT NULL DEFAULT 0,
    ended_at     timestamptz,
    what         jsonb,                     -- why it has ended before the file did: a code and its values
    CONSTRAINT import_ended CHECK ((state IN ('done', 'stopped', 'broken')) = (ended_at IS NOT NULL))
);
CREATE INDEX import_register ON registry.import (register, id DESC);
CREATE INDEX import_ended ON registry.import (ended_at) WHERE bad > 0;
CREATE INDEX import_left ON registry.import (started_at) WHERE state = 'mapping';

-- Rows that were not taken over, with what is wrong: they go out into a file, are mended there and come back.
CREATE TABLE registry.bad_row (
    import       uuid        NOT NULL REFERENCES registry.import ON DELETE CASCADE,
    number       bigint      NOT NULL,      -- the how-manieth row of the file
    sealed       bytea       NOT NULL,      -- where it stands, its cells and faults
    PRIMARY KEY (import, number)
);

-- What the second wall asks of a table of records: may whoever acts read it, may they write it. Settings of the operation tell who acts.
CREATE FUNCTION registry.may_read(key text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT register.readers = 'everybody'
            OR (current_setting('ngabay.official', true) = 'on'
                AND (register.readers = 'officials'
                     OR cardinality(register.enters) > 0
                     OR register.owner = ANY (own.agencies)
                     OR EXISTS (SELECT FROM jsonb_each_text(register.agencies) AS named
                                 WHERE named.value::uuid = ANY (own.agencies))))
          FROM registry.register,
               (SELECT coalesce(nullif(current_setting('ngabay.registry', true), ''), '{}')::uuid[] AS agencies) AS own
         WHERE register.register = key), false)
$$;
CREATE FUNCTION registry.may_write(key text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT current_setting('ngabay.official', true) = 'on'
           AND (cardinality(register.enters) > 0
                OR register.owner = ANY (coalesce(nullif(current_setting('ngabay.registry', true), ''), '{}')::uuid[]))
          FROM registry.register WHERE register.register = key), false)
$$;

-- The quality of a register at one moment (đúng, đủ, sạch, sống): figures and how many records have which reason, no value of any record.
CREATE TABLE registry.quality (
    register     text        NOT NULL REFERENCES registry.register,
    at           timestamptz NOT NULL,
    records      bigint      NOT NULL,
    correct      bigint      NOT NULL,      -- break no rule of today
    complete     bigint      NOT NULL,      -- have all that is required
    clean        bigint,                    -- are no likely duplicate; NULL: no way to tell is declared
    live         bigint,                    -- are not too old; NULL: no age is declared
    filled       bigint      NOT NULL,      -- optional values that are there
    fillable     bigint      NOT NULL,      -- optional values that could be
    fields       integer     NOT NULL,
    partly       boolean     NOT NULL,      -- whether groups were too large to be compared whole
    reasons      jsonb       NOT NULL,
    took_ms      bigint      NOT NULL,
    PRIMARY KEY (register, at)
);

-- What the values of its fields are like, by the newest run.
CREATE TABLE registry.profile (
    register     text        PRIMARY KEY REFERENCES registry.register,
    at           timestamptz NOT NULL,
    fields       jsonb       NOT NULL
);
ALTER TABLE registry.profile ENABLE ROW LEVEL SECURITY;
CREATE POLICY reads ON registry.profile FOR SELECT USING (registry.may_read(register));

-- A run that is under way: how far it is, and what it has counted.
CREATE TABLE registry.quality_run (
    register     text        PRIMARY KEY REFERENCES registry.register,
    run          uuid        NOT NULL,
    begun_at     timestamptz NOT NULL,
    state        jsonb       NOT NULL
);
ALTER TABLE registry.quality_run ENABLE ROW LEVEL SECURITY;
CREATE POLICY reads ON registry.quality_run FOR SELECT USING (registry.may_read(register));

-- Records that are not as they should be, with the reason and no value. Those of a run are shown when it has ended.
CREATE TABLE registry.failing (
    register     text        NOT NULL REFERENCES registry.register,
    run          uuid        NOT NULL,
    sort         text        NOT NULL CHECK (sort IN ('wrong', 'rule', 'missing', 'old', 'outlier')),
    field        text        NOT NULL,
    rule         text        NOT NULL,
    record       uuid        NOT NULL,
    shown        boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (register, run, sort, field, rule, record)
);
CREATE INDEX failing_shown ON registry.failing (register, record DESC, sort, field, rule) WHERE shown;
ALTER TABLE registry.failing ENABLE ROW LEVEL SECURITY;
CREATE POLICY reads ON registry.failing FOR SELECT USING (registry.may_read(register));

-- Two records that are likely the same thing (bản ghi trùng), with the score by field and no value.
CREATE TABLE registry.twin (
    register     text        NOT NULL REFERENCES registry.register,
    one          uuid        NOT NULL,
    other        uuid        NOT NULL,
    score        smallint    NOT NULL,
    why          jsonb       NOT NULL,
    found_by     uuid        NOT NULL,      -- the run
    found_at     timestamptz NOT NULL,      -- first
    state        text        NOT NULL CHECK (state IN ('open', 'different')),
    decided_by   uuid,
    decided_name text        NOT NULL DEFAULT '',
    decided_at   timestamptz,
    note         text        NOT NULL DEFAULT '',
    PRIMARY KEY (register, one, other),
    CONSTRAINT twin_order CHECK (one < other),
    CONSTRAINT twin_decided CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE INDEX twin_listed ON registry.twin (register, state, score DESC, one, other);
CREATE INDEX twin_other ON registry.twin (register, other);
ALTER TABLE registry.twin ENABLE ROW LEVEL SECURITY;
CREATE POLICY reads ON registry.twin FOR SELECT USING (registry.may_read(register));
CREATE POLICY adds ON registry.twin FOR INSERT WITH CHECK (registry.may_write(register));
CREATE POLICY changes ON registry.twin FOR UPDATE USING (registry.may_write(register));
CREATE POLICY removes ON registry.twin FOR DELETE USING (registry.may_write(register));
