-- The owner of an account shows at a provider once more who they are (xác thực lại): the account that has to come back, into the session that
-- there is.
ALTER TABLE federation.journey ADD COLUMN again uuid;
ALTER TABLE federation.journey ADD CONSTRAINT journey_one_purpose CHECK (linking IS NULL OR again IS NULL);
