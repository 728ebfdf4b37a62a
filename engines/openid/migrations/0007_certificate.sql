-- Applications that show who they are by the certificate of their connection (RFC 8705): it stands in `jwks` as `x5c`.
ALTER TABLE openid.client DROP CONSTRAINT client_auth_check;
ALTER TABLE openid.client ADD CONSTRAINT client_auth_check CHECK (auth IN ('none', 'secret', 'private_key', 'certificate'));
ALTER TABLE openid.client DROP CONSTRAINT client_keys;
ALTER TABLE openid.client ADD CONSTRAINT client_keys CHECK ((auth IN ('private_key', 'certificate')) = (jwks IS NOT NULL));
