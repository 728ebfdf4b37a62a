-- Somebody signed in to an application.
CREATE TABLE openid.authorisation (
    id          uuid        PRIMARY KEY,
    client      text        NOT NULL REFERENCES openid.client,
    account     uuid        NOT NULL,
    person      uuid        NOT NULL,
    session     uuid        NOT NULL,      -- in which it was given
    position    uuid,                      -- from which it was given; none: for oneself
    offline     boolean     NOT NULL,      -- outlives the session
    scopes      text[]      NOT NULL,
    nonce       text,
    auth_at     timestamptz NOT NULL,      -- when the person signed in
    two_factors boolean     NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    end_reason  text        CHECK (end_reason IN ('signed_out', 'code_reused', 'refresh_reused', 'revoked', 'consent_withdrawn', 'client_disabled', 'account_secured')),
    CONSTRAINT authorisation_end CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX authorisation_session ON openid.authorisation (session) WHERE ended_at IS NULL;
CREATE INDEX authorisation_account ON openid.authorisation (account, client) WHERE ended_at IS NULL;
CREATE INDEX authorisation_client ON openid.authorisation (client) WHERE ended_at IS NULL;
CREATE INDEX authorisation_expiry ON openid.authorisation (expires_at);

CREATE TABLE openid.code (
    sha256        bytea       PRIMARY KEY CHECK (length(sha256) = 32),
    authorisation uuid        NOT NULL REFERENCES openid.authorisation ON DELETE CASCADE,
    redirect_uri  text        NOT NULL,
    challenge     text,                    -- PKCE, S256
    jkt           text,                    -- thumbprint of the key that must be shown
    expires_at    timestamptz NOT NULL,
    used_at       timestamptz
);
CREATE INDEX code_authorisation ON openid.code (authorisation);

CREATE TABLE openid.refresh_token (
    sha256        bytea       PRIMARY KEY CHECK (length(sha256) = 32),
    authorisation uuid        NOT NULL REFERENCES openid.authorisation ON DELETE CASCADE,
    jkt           text,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    used_at       timestamptz              -- kept: a second use means that somebody has stolen it
);
CREATE INDEX refresh_token_authorisation ON openid.refresh_token (authorisation);

-- Access tokens that were taken back before they expired.
CREATE TABLE openid.revoked_token (
    jti        uuid        PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
CREATE INDEX revoked_token_expiry ON openid.revoked_token (expires_at);

-- Requests that applications pushed (RFC 9126).
CREATE TABLE openid.pushed_request (
    sha256     bytea       PRIMARY KEY CHECK (length(sha256) = 32),
    client     text        NOT NULL REFERENCES openid.client,
    query      text        NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX pushed_request_expiry ON openid.pushed_request (expires_at);

-- Proofs that were shown (DPoP, client assertions): none is taken twice.
CREATE TABLE openid.seen_proof (
    sha256     bytea       PRIMARY KEY CHECK (length(sha256) = 32),
    expires_at timestamptz NOT NULL
);
CREATE INDEX seen_proof_expiry ON openid.seen_proof (expires_at);
