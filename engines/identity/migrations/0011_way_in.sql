-- How a session was opened, and how sure it is who has opened it (mức bảo đảm danh tính).
ALTER TABLE identity.session
    ADD COLUMN way       text NOT NULL DEFAULT 'password' CHECK (way IN ('password', 'passkey', 'provider')),
    ADD COLUMN provider  text CHECK (provider ~ '^[a-z][a-z0-9_]{1,39}$'),  -- who has vouched for its owner
    ADD COLUMN assurance text NOT NULL DEFAULT 'low' CHECK (assurance IN ('low', 'substantial', 'high')),
    ADD CONSTRAINT session_provider CHECK ((way = 'provider') = (provider IS NOT NULL));
CREATE INDEX session_provider ON identity.session (account, provider) WHERE ended_at IS NULL AND provider IS NOT NULL;

-- A sign-in that waits for the second factor goes on as what it began.
ALTER TABLE identity.half_sign_in
    ADD COLUMN way       text NOT NULL DEFAULT 'password' CHECK (way IN ('password', 'provider')),
    ADD COLUMN provider  text CHECK (provider ~ '^[a-z][a-z0-9_]{1,39}$'),
    ADD COLUMN assurance text NOT NULL DEFAULT 'low' CHECK (assurance IN ('low', 'substantial', 'high')),
    ADD CONSTRAINT half_sign_in_provider CHECK ((way = 'provider') = (provider IS NOT NULL));
