-- Keys and certificates of an application may stand at an address of its own: they change there without us.
ALTER TABLE openid.client ADD COLUMN jwks_uri text;
ALTER TABLE openid.client DROP CONSTRAINT client_keys;
ALTER TABLE openid.client ADD CONSTRAINT client_keys
    CHECK (num_nonnulls(jwks, jwks_uri) = CASE WHEN auth IN ('private_key', 'certificate') THEN 1 ELSE 0 END);
