-- Acting for somebody else (đại diện, ủy quyền): for a business, for a child, by a power of attorney. What was given stays written when it
-- has ended.
CREATE TABLE identity.representation (
    id             uuid PRIMARY KEY,
    kind           text NOT NULL CHECK (kind IN ('legal', 'member', 'child', 'attorney')),
    represented    uuid NOT NULL REFERENCES identity.person,
    representative uuid NOT NULL REFERENCES identity.person,
    procedures     text[] NOT NULL DEFAULT '{}',        -- codes of procedures; none: all
    valid_from     date NOT NULL,
    valid_to       date,
    sealed         bytea,                               -- why, in people's words (purpose identity.representation, row representation:<id>)
    registration   uuid REFERENCES identity.registration,   -- on whose approval it stands
    given_by       uuid NOT NULL REFERENCES identity.account,
    given_at       timestamptz NOT NULL,
    ended_at       timestamptz,
    ended_by       uuid REFERENCES identity.account,
    CONSTRAINT representation_two CHECK (represented <> representative),
    CONSTRAINT representation_days CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT representation_end CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CONSTRAINT representation_attorney CHECK (kind <> 'attorney' OR valid_to IS NOT NULL),
    CONSTRAINT representation_seen CHECK ((kind = 'attorney') = (registration IS NULL)),
    CONSTRAINT representation_once EXCLUDE USING gist
        (represented WITH =, representative WITH =, kind WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
        WHERE (ended_at IS NULL AND kind <> 'attorney')
);
CREATE INDEX representation_representative ON identity.representation (representative, given_at DESC);
CREATE INDEX representation_represented ON identity.representation (represented, given_at DESC);

-- The second wall: the two of them, and officials, who say for what they look.
ALTER TABLE identity.representation ENABLE ROW LEVEL SECURITY;
CREATE POLICY reach ON identity.representation TO ngabay_walled USING (
    represented = (SELECT nullif(current_setting('ngabay.person', true), '')::uuid)
    OR representative = (SELECT nullif(current_setting('ngabay.person', true), '')::uuid)
    OR represented = (SELECT nullif(current_setting('ngabay.represents', true), '')::uuid)
    OR (SELECT current_setting('ngabay.official', true)) = 'on'
);

-- For whom the session acts; it counts while the representation does.
ALTER TABLE identity.session ADD COLUMN represents uuid REFERENCES identity.representation;

-- Codes given out at a counter to whoever has shown the paper there: for a first password, or in place of a second factor. One works for an
-- account at a time, once. 60 random bits that hold for minutes: a digest keeps them well enough.
CREATE TABLE identity.counter_code (
    id          uuid PRIMARY KEY,
    account     uuid NOT NULL REFERENCES identity.account,
    code_sha256 bytea NOT NULL CHECK (length(code_sha256) = 32),
    issued_by   uuid NOT NULL REFERENCES identity.account,
    agency      uuid REFERENCES identity.agency,
    sealed      bytea NOT NULL,             -- the paper that was seen (purpose identity.counter_code, row counter_code:<id>)
    issued_at   timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz,
    revoked_at  timestamptz
);
CREATE UNIQUE INDEX counter_code_open ON identity.counter_code (account) WHERE used_at IS NULL AND revoked_at IS NULL;
CREATE INDEX counter_code_account ON identity.counter_code (account, issued_at);
CREATE INDEX counter_code_issuer ON identity.counter_code (issued_by, issued_at);
