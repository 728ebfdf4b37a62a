-- Who of a provider is which account. A subject is one account, and an account one subject of a provider, at a time.
CREATE TABLE federation.link (
    id           uuid        PRIMARY KEY,
    provider     text        NOT NULL CHECK (provider ~ '^[a-z][a-z0-9_]{1,39}$'),
    subject      text        NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    account      uuid        NOT NULL,
    linked_at    timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    ended_at     timestamptz,
    end_reason   text        CHECK (end_reason IN ('unlinked', 'replaced')),   -- by its owner; by another subject of the same person
    CONSTRAINT link_end CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE UNIQUE INDEX link_subject ON federation.link (provider, subject) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX link_account ON federation.link (provider, account) WHERE ended_at IS NULL;
CREATE INDEX link_history ON federation.link (account, provider, linked_at);

-- Somebody was sent to a provider and has not come back yet. Of what is known to the browser alone only digests are kept.
CREATE TABLE federation.journey (
    state_sha256   bytea       PRIMARY KEY CHECK (length(state_sha256) = 32),
    browser_sha256 bytea       NOT NULL CHECK (length(browser_sha256) = 32),
    provider       text        NOT NULL,
    back           text        NOT NULL,       -- where the person wanted to go
    resume         bytea,                      -- sealed: a form that the sign-in has interrupted
    linking        uuid,                       -- the account whose owner links it; none: a sign-in
    expires_at     timestamptz NOT NULL
);
CREATE INDEX journey_expiry ON federation.journey (expires_at);

-- What a provider asks for when somebody signs out of it: the token that it gave, sealed, while the session lives.
CREATE TABLE federation.farewell (
    holder_sha256 bytea       PRIMARY KEY CHECK (length(holder_sha256) = 32),  -- of the session, or of a sign-in that waits for its second factor
    provider      text        NOT NULL,
    id_token      bytea       NOT NULL,        -- sealed
    address       text,                        -- where the provider has said to sign out, if it has
    expires_at    timestamptz NOT NULL
);
CREATE INDEX farewell_expiry ON federation.farewell (expires_at);
