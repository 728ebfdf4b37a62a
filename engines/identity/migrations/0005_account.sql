-- Accounts, sessions, known devices and attempts to sign in.
CREATE TABLE identity.account (
    id                  uuid PRIMARY KEY,
    person              uuid NOT NULL REFERENCES identity.person,
    login               text NOT NULL,
    login_folded        text NOT NULL COLLATE "C",
    password            text CHECK (password LIKE '$argon2id$%'),   -- PHC string; NULL: cannot sign in by password
    password_changed_at timestamptz,
    state               text NOT NULL CHECK (state IN ('active', 'suspended', 'closed')),
    created_at          timestamptz NOT NULL,
    CONSTRAINT account_person UNIQUE (person),
    CONSTRAINT account_login UNIQUE (login_folded)
);

CREATE TABLE identity.session (
    id            uuid PRIMARY KEY,
    token_sha256  bytea NOT NULL CHECK (length(token_sha256) = 32),
    account       uuid NOT NULL REFERENCES identity.account,
    audience      text NOT NULL CHECK (audience IN ('citizen', 'official')),
    acts_as       text NOT NULL CHECK (acts_as IN ('person', 'position')),
    position      uuid REFERENCES identity.position,    -- chosen; NULL: the first one held
    created_at    timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    idle_seconds  integer NOT NULL CHECK (idle_seconds > 0),
    expires_at    timestamptz NOT NULL,
    ip            text NOT NULL,
    network       text NOT NULL,    -- what one subscriber can vary at will: an IPv4 address, a /64 of IPv6
    user_agent    text NOT NULL,
    ended_at      timestamptz,
    end_reason    text CHECK (end_reason IN ('signed_out', 'ended_elsewhere', 'password_changed', 'account_state')),
    CONSTRAINT session_token UNIQUE (token_sha256),
    CONSTRAINT session_end CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE INDEX session_account ON identity.session (account, created_at DESC) WHERE ended_at IS NULL;
CREATE INDEX session_network ON identity.session (account, network);
CREATE INDEX session_expiry ON identity.session (expires_at);

-- A browser in which the right password of this account was typed before.
CREATE TABLE identity.device (
    token_sha256  bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
    account       uuid NOT NULL REFERENCES identity.account,
    created_at    timestamptz NOT NULL,
    last_used_at  timestamptz NOT NULL
);
CREATE INDEX device_account ON identity.device (account, last_used_at);
CREATE INDEX device_age ON identity.device (last_used_at);

-- One row for each evaluated guess, kept for a day. The name typed is kept as a digest only: people type passwords there.
CREATE TABLE identity.sign_in_attempt (
    id            uuid PRIMARY KEY,
    login_sha256  bytea NOT NULL,
    source        text NOT NULL,    -- a known device, or a network
    network       text NOT NULL,
    known_device  boolean NOT NULL,
    right_password boolean NOT NULL DEFAULT false,
    at            timestamptz NOT NULL
);
CREATE INDEX sign_in_attempt_login ON identity.sign_in_attempt (login_sha256, at);
CREATE INDEX sign_in_attempt_network ON identity.sign_in_attempt (network, at);
CREATE INDEX sign_in_attempt_age ON identity.sign_in_attempt (at);
