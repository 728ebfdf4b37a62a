CREATE SCHEMA openid;

-- Applications of the province that sign people in here, and programs that ask for tokens of their own.
CREATE TABLE openid.client (
    id                       text        PRIMARY KEY CHECK (length(id) BETWEEN 8 AND 64),
    name                     text        NOT NULL,
    description              text        NOT NULL,
    auth                     text        NOT NULL CHECK (auth IN ('none', 'secret', 'private_key')),
    secret_sha256            bytea       CHECK (length(secret_sha256) = 32), -- 256 random bits: a digest is enough
    jwks                     jsonb,
    redirect_uris            text[]      NOT NULL,
    post_logout_uris         text[]      NOT NULL,
    back_channel_logout_uri  text,
    launch_uri               text,
    grants                   text[]      NOT NULL,
    scopes                   text[]      NOT NULL,
    audience                 text        NOT NULL CHECK (audience IN ('everybody', 'officials')),
    trusted                  boolean     NOT NULL,     -- of the province itself: nobody is asked for consent
    dpop                     boolean     NOT NULL,     -- tokens only to whoever shows a key
    introspects              boolean     NOT NULL,     -- guards an API: may look at tokens of others
    enabled                  boolean     NOT NULL DEFAULT true,
    created_at               timestamptz NOT NULL,
    changed_at               timestamptz NOT NULL,
    CONSTRAINT client_secret CHECK ((auth = 'secret') = (secret_sha256 IS NOT NULL)),
    CONSTRAINT client_keys CHECK ((auth = 'private_key') = (jwks IS NOT NULL))
);
CREATE INDEX client_name ON openid.client (name, id);
