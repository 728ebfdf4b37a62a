-- Consents for declared purposes (sự đồng ý cho từng mục đích). Rows stay when they are no longer in force: they are evidence, with the words
-- that the person read.
CREATE TABLE privacy.consent (
    id         uuid        PRIMARY KEY,
    person     uuid        NOT NULL,
    account    uuid        NOT NULL,
    purpose    text        NOT NULL,
    version    integer     NOT NULL CHECK (version > 0),
    locale     text        NOT NULL,
    words      text        NOT NULL,
    given_at   timestamptz NOT NULL,
    ended_at   timestamptz,
    end_reason text        CHECK (end_reason IN ('withdrawn', 'renewed', 'forgotten')),
    CONSTRAINT consent_end CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE UNIQUE INDEX consent_in_force ON privacy.consent (person, purpose) WHERE ended_at IS NULL;
CREATE INDEX consent_person ON privacy.consent (person, given_at DESC);
