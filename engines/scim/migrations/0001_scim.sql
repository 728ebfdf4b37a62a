CREATE SCHEMA scim;

-- Accounts that an application of the province looks after (RFC 7643, User). The number is that of the account.
CREATE TABLE scim."user" (
    id            uuid        PRIMARY KEY,
    client        text        NOT NULL,     -- whose it is; nobody else sees it
    person        uuid        NOT NULL,
    doc           jsonb       NOT NULL,     -- what the application has said, by the names of the norm
    version       bigint      NOT NULL DEFAULT 1,
    held_back     boolean     NOT NULL DEFAULT false,   -- suspended by an administrator: the application does not undo it
    created_at    timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL,
    closed_at     timestamptz,
    CONSTRAINT user_doc CHECK (jsonb_typeof(doc) = 'object')
);
CREATE INDEX user_order ON scim."user" (client, created_at, id) WHERE closed_at IS NULL;
CREATE INDEX user_name ON scim."user" (client, lower(doc ->> 'userName')) WHERE closed_at IS NULL;
CREATE INDEX user_external ON scim."user" (client, (doc ->> 'externalId')) WHERE closed_at IS NULL;

-- Named sets of such accounts (RFC 7643, Group). One that an administrator has mapped gives its members a position.
CREATE TABLE scim."group" (
    id            uuid        PRIMARY KEY,
    client        text        NOT NULL,
    doc           jsonb       NOT NULL,
    position      uuid,                     -- NULL: it gives nothing
    version       bigint      NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL,
    closed_at     timestamptz,
    CONSTRAINT group_doc CHECK (jsonb_typeof(doc) = 'object'),
    CONSTRAINT group_gives_nothing_closed CHECK (closed_at IS NULL OR position IS NULL)
);
CREATE INDEX group_order ON scim."group" (client, created_at, id) WHERE closed_at IS NULL;
CREATE INDEX group_name ON scim."group" (client, lower(doc ->> 'displayName')) WHERE closed_at IS NULL;
CREATE INDEX group_external ON scim."group" (client, (doc ->> 'externalId')) WHERE closed_at IS NULL;

CREATE TABLE scim.member (
    group_id      uuid        NOT NULL REFERENCES scim."group",
    user_id       uuid        NOT NULL REFERENCES scim."user",
    gives         boolean     NOT NULL DEFAULT false,   -- the position is held because of this membership
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX member_user ON scim.member (user_id, group_id);
