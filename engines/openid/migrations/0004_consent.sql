-- What people have allowed an application to learn (sự đồng ý của chủ thể dữ liệu). Rows stay when they are no longer in force: they are evidence.
CREATE TABLE openid.consent (
    id         uuid        PRIMARY KEY,
    account    uuid        NOT NULL,
    client     text        NOT NULL REFERENCES openid.client,
    scopes     text[]      NOT NULL,
    given_at   timestamptz NOT NULL,
    ended_at   timestamptz,
    end_reason text        CHECK (end_reason IN ('withdrawn', 'widened')),
    CONSTRAINT consent_end CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE UNIQUE INDEX consent_in_force ON openid.consent (account, client) WHERE ended_at IS NULL;
