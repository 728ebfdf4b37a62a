-- Accounts that others look after (quản lý tài khoản, R036, R037, R045): when somebody last came in, what was done to an account and why, and
-- codes by which an owner without a password, or without a way in, starts (anew).
ALTER TABLE identity.account
    ADD COLUMN last_sign_in_at timestamptz;     -- NULL: nobody ever came in
UPDATE identity.account AS account
SET last_sign_in_at = session.at
FROM (SELECT account, max(created_at) AS at FROM identity.session GROUP BY account) AS session
WHERE session.account = account.id;
CREATE INDEX account_shut ON identity.account (state) WHERE state <> 'active';

CREATE TABLE identity.account_line (
    id       uuid        PRIMARY KEY,
    account  uuid        NOT NULL REFERENCES identity.account,
    act      text        NOT NULL CHECK (act ~ '^[a-z][a-z_]{1,39}$'),
    reason   text        NOT NULL DEFAULT '',
    by       uuid        REFERENCES identity.account,    -- NULL: the platform itself
    at       timestamptz NOT NULL
);
CREATE INDEX account_line_account ON identity.account_line (account, at DESC, id DESC);

-- Good once, for the one account, until its moment. Only the digest of 100 random bits is kept.
CREATE TABLE identity.entry_code (
    account    uuid        PRIMARY KEY REFERENCES identity.account,
    sha256     bytea       NOT NULL CHECK (length(sha256) = 32),
    given_by   uuid        REFERENCES identity.account,
    given_at   timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

ALTER TABLE identity.session
    DROP CONSTRAINT session_end_reason,
    ADD CONSTRAINT session_end_reason CHECK (end_reason IN (
        'signed_out', 'ended_elsewhere', 'password_changed', 'second_factor_changed', 'account_state', 'ended_by_manager', 'rights_changed'));
