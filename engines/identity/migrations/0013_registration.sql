-- Who asks for an account, or to act for a business or a child, waits here until an authority has seen the paper (R033). Nothing of it
-- works before.

-- A person is a human being or an organisation (R032); a foreigner may have a passport in place of a personal number (R031).
ALTER TABLE identity.person
    ADD COLUMN kind         text NOT NULL DEFAULT 'human' CHECK (kind IN ('human', 'organisation')),
    ADD COLUMN passport_tag bytea,                  -- keyed hash: the passport itself lies sealed with the rest
    ADD COLUMN tax_number   text CHECK (tax_number ~ '^[0-9]{10}(-[0-9]{3})?$'),    -- public
    ADD CONSTRAINT person_organisation CHECK ((kind = 'organisation') = (tax_number IS NOT NULL));
CREATE UNIQUE INDEX person_passport_tag ON identity.person (passport_tag, nationality) WHERE passport_tag IS NOT NULL;
CREATE UNIQUE INDEX person_tax_number ON identity.person (tax_number) WHERE tax_number IS NOT NULL;

CREATE TABLE identity.registration (
    id              uuid PRIMARY KEY,
    kind            text NOT NULL CHECK (kind IN ('citizen', 'foreigner', 'organisation', 'member', 'child')),
    -- Under a key of the vault (purpose identity.registration, row registration:<id>): name, number or passport, birth date, telephone, e-mail,
    -- the paper that the applicant names, the one that the official has seen, why it was refused.
    sealed          bytea NOT NULL,
    number_tag      bytea NOT NULL,         -- keyed hash of the number, passport or tax number whom it is about; by it the sign-in finds it too
    nationality     text NOT NULL CHECK (nationality ~ '^[A-Z]{2}$'),
    tax_number      text,                   -- public
    password        text CHECK (password LIKE '$argon2id$%'),
    receipt_sha256  bytea NOT NULL CHECK (length(receipt_sha256) = 32),
    asked_by        uuid REFERENCES identity.account,   -- who wants to act for an organisation or a child
    standing        text NOT NULL DEFAULT '' CHECK (standing IN ('', 'parent', 'guardian')),
    agency          uuid NOT NULL REFERENCES identity.agency,
    network         text NOT NULL,
    state           text NOT NULL CHECK (state IN ('waiting', 'approved', 'refused', 'expired', 'superseded')),
    asked_at        timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    decided_at      timestamptz,
    decided_by      uuid REFERENCES identity.account,
    person          uuid REFERENCES identity.person,    -- whom it led to
    CONSTRAINT registration_receipt UNIQUE (receipt_sha256),
    CONSTRAINT registration_account CHECK (kind IN ('citizen', 'foreigner') OR password IS NULL),
    CONSTRAINT registration_tax CHECK ((kind IN ('organisation', 'member')) = (tax_number IS NOT NULL)),
    CONSTRAINT registration_asker CHECK ((kind IN ('citizen', 'foreigner')) = (asked_by IS NULL)),
    CONSTRAINT registration_end CHECK ((state = 'waiting') = (decided_at IS NULL)),
    CONSTRAINT registration_seen CHECK (state <> 'approved' OR (decided_by IS NOT NULL AND person IS NOT NULL)),
    CONSTRAINT registration_why CHECK (state <> 'refused' OR decided_by IS NOT NULL)
);
CREATE INDEX registration_waiting ON identity.registration (agency, asked_at, id) WHERE state = 'waiting';
CREATE INDEX registration_decided ON identity.registration (agency, decided_at DESC, id DESC) WHERE state <> 'waiting';
ALTER TABLE identity.registration ALTER COLUMN sealed SET STORAGE EXTERNAL;
CREATE INDEX registration_number ON identity.registration (number_tag, asked_at DESC);
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
