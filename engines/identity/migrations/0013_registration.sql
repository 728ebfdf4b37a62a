-- Who asks for an account, or to act for a business or a child, waits here until an authority has seen the paper (R033). Nothing of it
-- works before.

-- A person is a human being or an organisation (R032); a foreigner may have a passport in place of a personal number (R031).
ALTER TABLE identity.person
    ADD COLUMN kind       text NOT NULL DEFAULT 'human' CHECK (kind IN ('human', 'organisation')),
    ADD COLUMN passport   text CHECK (passport ~ '^[A-Z0-9]{5,20}$'),
    ADD COLUMN tax_number text CHECK (tax_number ~ '^[0-9]{10}(-[0-9]{3})?$'),
    ADD CONSTRAINT person_organisation CHECK ((kind = 'organisation') = (tax_number IS NOT NULL));
CREATE UNIQUE INDEX person_passport ON identity.person (nationality, passport) WHERE passport IS NOT NULL;
CREATE UNIQUE INDEX person_tax_number ON identity.person (tax_number) WHERE tax_number IS NOT NULL;

CREATE TABLE identity.registration (
    id              uuid PRIMARY KEY,
    kind            text NOT NULL CHECK (kind IN ('citizen', 'foreigner', 'organisation', 'member', 'child')),
    subject_key     text NOT NULL,          -- whom it is about, in one word: number:…, passport:KR:…, tax:…
    full_name       text NOT NULL,
    personal_number text CHECK (personal_number ~ '^[0-9]{12}$'),
    passport        text,
    nationality     text NOT NULL CHECK (nationality ~ '^[A-Z]{2}$'),
    tax_number      text,
    birth_date      date,
    phone           text,
    email           text,
    login_folded    text COLLATE "C",       -- by which the sign-in finds it
    password        text CHECK (password LIKE '$argon2id$%'),
    receipt_sha256  bytea NOT NULL CHECK (length(receipt_sha256) = 32),
    asked_by        uuid REFERENCES identity.account,   -- who wants to act for an organisation or a child
    standing        text NOT NULL DEFAULT '' CHECK (standing IN ('', 'parent', 'guardian')),
    paper           text NOT NULL DEFAULT '',           -- which paper shows it, as the applicant says
    agency          uuid NOT NULL REFERENCES identity.agency,
    network         text NOT NULL,
    state           text NOT NULL CHECK (state IN ('waiting', 'approved', 'refused', 'expired', 'superseded')),
    asked_at        timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    decided_at      timestamptz,
    decided_by      uuid REFERENCES identity.account,
    reason          text NOT NULL DEFAULT '',           -- why it was refused
    checked_paper   text NOT NULL DEFAULT '',           -- which paper the official has seen
    person          uuid REFERENCES identity.person,    -- whom it led to
    CONSTRAINT registration_receipt UNIQUE (receipt_sha256),
    CONSTRAINT registration_account CHECK ((kind IN ('citizen', 'foreigner')) = (login_folded IS NOT NULL)),
    CONSTRAINT registration_asker CHECK ((kind IN ('citizen', 'foreigner')) = (asked_by IS NULL)),
    CONSTRAINT registration_end CHECK ((state = 'waiting') = (decided_at IS NULL)),
    CONSTRAINT registration_seen CHECK (state <> 'approved' OR (decided_by IS NOT NULL AND checked_paper <> '' AND person IS NOT NULL)),
    CONSTRAINT registration_why CHECK (state <> 'refused' OR (decided_by IS NOT NULL AND reason <> ''))
);
CREATE INDEX registration_waiting ON identity.registration (agency, asked_at, id) WHERE state = 'waiting';
CREATE INDEX registration_decided ON identity.registration (agency, decided_at DESC, id DESC) WHERE state <> 'waiting';
CREATE INDEX registration_login ON identity.registration (login_folded, asked_at DESC) WHERE password IS NOT NULL;
CREATE INDEX registration_subject ON identity.registration (subject_key, asked_at);
CREATE INDEX registration_network ON identity.registration (network, asked_at);
CREATE INDEX registration_asked_by ON identity.registration (asked_by, asked_at) WHERE asked_by IS NOT NULL;
CREATE INDEX registration_end_of_waiting ON identity.registration (expires_at) WHERE state = 'waiting';

-- The second wall: whoever has no office sees what they have asked for themselves, and may ask.
ALTER TABLE identity.registration ENABLE ROW LEVEL SECURITY;
CREATE POLICY reach ON identity.registration TO ngabay_walled USING (
    asked_by = (SELECT nullif(current_setting('ngabay.account', true), '')::uuid)
    OR (SELECT current_setting('ngabay.official', true)) = 'on'
);
CREATE POLICY ask ON identity.registration FOR INSERT TO ngabay_walled WITH CHECK (asked_by IS NULL AND state = 'waiting');
