-- OpenID Connect Core asks every provider for RS256: each key signs by one algorithm, each application is told who has signed in by one. What is there stays with ES256.
ALTER TABLE openid.signing_key ADD COLUMN algorithm text NOT NULL DEFAULT 'ES256' CHECK (algorithm IN ('ES256', 'RS256'));
ALTER TABLE openid.signing_key ALTER COLUMN algorithm DROP DEFAULT;
ALTER TABLE openid.client ADD COLUMN id_token_signed_response_alg text NOT NULL DEFAULT 'ES256' CHECK (id_token_signed_response_alg IN ('ES256', 'RS256'));
ALTER TABLE openid.client ALTER COLUMN id_token_signed_response_alg DROP DEFAULT;
