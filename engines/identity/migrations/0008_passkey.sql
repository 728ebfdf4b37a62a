-- Passkeys (khóa truy cập, W3C Web Authentication) and the questions that wait for one.
CREATE TABLE identity.passkey (
    id           uuid        PRIMARY KEY,
    account      uuid        NOT NULL REFERENCES identity.account,
    credential   bytea       NOT NULL CHECK (length(credential) BETWEEN 16 AND 1023),
    public_key   bytea       NOT NULL CHECK (length(public_key) BETWEEN 1 AND 1024),    -- COSE
    rp_id        text        NOT NULL,  -- the host for which it was made: it holds nowhere else
    sign_count   bigint      NOT NULL CHECK (sign_count >= 0),
    transports   text[]      NOT NULL,
    name         text        NOT NULL CHECK (length(name) BETWEEN 1 AND 60),    -- what the owner calls it
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz,
    CONSTRAINT passkey_credential UNIQUE (credential)
);
CREATE INDEX passkey_account ON identity.passkey (account, created_at);

-- A challenge (32 random bytes) is answered once, and for what it was given.
CREATE TABLE identity.passkey_challenge (
    challenge   bytea       PRIMARY KEY CHECK (length(challenge) = 32),
    purpose     text        NOT NULL CHECK (purpose IN ('register', 'sign_in', 'second_factor', 'step_up')),
    account     uuid        REFERENCES identity.account,    -- NULL: whoever shows a passkey
    session     uuid,       -- in which it was given
    half_sha256 bytea,      -- the sign-in that waits
    name        text,       -- of the passkey to be made
    expires_at  timestamptz NOT NULL,
    CONSTRAINT passkey_challenge_whose CHECK ((purpose = 'sign_in') = (account IS NULL)),
    CONSTRAINT passkey_challenge_register CHECK ((purpose = 'register') = (name IS NOT NULL)),
    CONSTRAINT passkey_challenge_session CHECK ((purpose IN ('register', 'step_up')) = (session IS NOT NULL)),
    CONSTRAINT passkey_challenge_half CHECK ((purpose = 'second_factor') = (half_sha256 IS NOT NULL))
);
CREATE INDEX passkey_challenge_expiry ON identity.passkey_challenge (expires_at);
CREATE INDEX passkey_challenge_account ON identity.passkey_challenge (account);
