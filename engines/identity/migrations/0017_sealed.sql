-- What tells who somebody is beyond the name is sealed by the vault (purpose identity.person, row person:<id>): number, day of birth, sex, ethnicity,
-- street, telephone and e-mail, together. The plain columns hold what an older program wrote, until `identity.seal` has been by. Names stay, so that
-- people are found by words of them; the ward stays, which reorganisations move.
ALTER TABLE identity.person
    ADD COLUMN sealed     bytea,
    ADD COLUMN number_tag bytea,    -- keyed hashes: found by the whole number, told to nobody
    ADD COLUMN phone_tag  bytea,
    ALTER COLUMN sealed SET STORAGE EXTERNAL,
    ADD CONSTRAINT person_sealed CHECK (
        sealed IS NULL
        OR num_nonnulls(personal_number, birth_date, sex, ethnicity, residence_detail, phone, email) = 0);
CREATE UNIQUE INDEX person_number_tag ON identity.person (number_tag) WHERE number_tag IS NOT NULL;
CREATE INDEX person_phone_tag ON identity.person (phone_tag) WHERE phone_tag IS NOT NULL;
CREATE INDEX person_plain ON identity.person (id) WHERE sealed IS NULL;

-- People sign in by their personal number, telephone or e-mail too: the name of such an account is sealed (purpose identity.login, row account:<id>).
-- A name that somebody has chosen stays.
ALTER TABLE identity.account
    ADD COLUMN sealed    bytea,
    ADD COLUMN login_tag bytea,
    ALTER COLUMN login DROP NOT NULL,
    ALTER COLUMN login_folded DROP NOT NULL,
    ADD CONSTRAINT account_sealed CHECK (
        num_nonnulls(login, login_folded) = CASE WHEN sealed IS NULL THEN 2 ELSE 0 END
        AND (sealed IS NULL) = (login_tag IS NULL));
CREATE UNIQUE INDEX account_login_tag ON identity.account (login_tag) WHERE login_tag IS NOT NULL;
CREATE INDEX account_plain ON identity.account (id) WHERE sealed IS NULL AND login_folded ~ '[0-9]{9}|@';

COMMENT ON COLUMN identity.sign_in_attempt.login_sha256 IS 'keyed: what was typed cannot be guessed from it';
