-- The consents of a person with those that have ended, for the person's extract.
CREATE INDEX consent_account ON openid.consent (account, given_at DESC);
