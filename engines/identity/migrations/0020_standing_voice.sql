-- Whoever is concerned by a request to act for somebody (the represented, whoever acts for them already) is told of it, and agrees or objects before an
-- official decides (R032, R033).
CREATE TABLE identity.standing_voice (
    registration uuid NOT NULL REFERENCES identity.registration ON DELETE CASCADE,
    account      uuid NOT NULL REFERENCES identity.account,
    represented  uuid NOT NULL REFERENCES identity.person,
    asker        uuid NOT NULL REFERENCES identity.person,
    told_at      timestamptz NOT NULL,
    agrees       boolean,               -- nothing: has said nothing
    said_at      timestamptz,
    PRIMARY KEY (registration, account),
    CONSTRAINT standing_voice_said CHECK ((agrees IS NULL) = (said_at IS NULL))
);
CREATE INDEX standing_voice_account ON identity.standing_voice (account, told_at DESC);

-- The second wall: everybody reads and raises their own voice, and nobody that of another; officials read them. The platform alone asks for one.
ALTER TABLE identity.standing_voice ENABLE ROW LEVEL SECURITY;
CREATE POLICY hear ON identity.standing_voice FOR SELECT TO ngabay_walled USING (
    account = (SELECT nullif(current_setting('ngabay.account', true), '')::uuid)
    OR (SELECT current_setting('ngabay.official', true)) = 'on'
);
CREATE POLICY say ON identity.standing_voice FOR UPDATE TO ngabay_walled
    USING (account = (SELECT nullif(current_setting('ngabay.account', true), '')::uuid))
    WITH CHECK (
        account = (SELECT nullif(current_setting('ngabay.account', true), '')::uuid)
        AND agrees IS NOT NULL
    );
