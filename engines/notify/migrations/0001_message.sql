CREATE SCHEMA notify;

-- One message to one account. The words are made when it is read, in the reader's language.
CREATE TABLE notify.message (
    id uuid PRIMARY KEY,
    account uuid NOT NULL,
    kind text NOT NULL CHECK (kind <> ''),
    params jsonb NOT NULL,
    link text NOT NULL CHECK (link LIKE '/%'),
    -- A message with a key is written once for an account, however often it is sent.
    once text,
    created_at timestamptz NOT NULL,
    read_at timestamptz,
    CONSTRAINT message_once UNIQUE (account, once)
);
CREATE INDEX message_box ON notify.message (account, created_at DESC, id DESC);
CREATE INDEX message_unread ON notify.message (account) WHERE read_at IS NULL;
