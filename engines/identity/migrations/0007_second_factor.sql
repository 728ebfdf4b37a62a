-- Second factors (xác thực hai lớp) and sign-ins that wait for one.

-- An authenticator (RFC 6238). Secrets are sealed by the vault: purpose identity.totp, about account:<account>.
CREATE TABLE identity.totp (
    account      uuid        PRIMARY KEY REFERENCES identity.account,
    secret       bytea,                     -- in force
    confirmed_at timestamptz,
    last_step    bigint      NOT NULL DEFAULT 0, -- the last step of 30 s whose code was taken: no code is taken twice
    next_secret  bytea,                     -- shown, but no code of it was given yet
    next_at      timestamptz,
    next_session uuid,                      -- in which it is shown, and in no other
    CONSTRAINT totp_confirmed CHECK ((secret IS NULL) = (confirmed_at IS NULL)),
    CONSTRAINT totp_next CHECK (num_nulls(next_secret, next_at, next_session) IN (0, 3)),
    CONSTRAINT totp_some CHECK (secret IS NOT NULL OR next_secret IS NOT NULL)
);

-- Codes for whoever has lost the authenticator, each good for once. Only tags are kept: purpose identity.recovery_code.
CREATE TABLE identity.recovery_code (
    account uuid        NOT NULL REFERENCES identity.account,
    tag     bytea       NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (account, tag)
);

-- The password was right, the second factor is still to be shown.
CREATE TABLE identity.half_sign_in (
    token_sha256        bytea       PRIMARY KEY CHECK (length(token_sha256) = 32),
    account             uuid        NOT NULL REFERENCES identity.account,
    password_changed_at timestamptz,
    expires_at          timestamptz NOT NULL
);
CREATE INDEX half_sign_in_expiry ON identity.half_sign_in (expires_at);

ALTER TABLE identity.session
    ADD COLUMN second_factor_at timestamptz,    -- when a second factor was shown last in this session
    DROP CONSTRAINT session_end_reason_check,
    ADD CONSTRAINT session_end_reason CHECK (end_reason IN (
        'signed_out', 'ended_elsewhere', 'password_changed', 'second_factor_changed', 'account_state'));
