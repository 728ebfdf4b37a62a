-- What an account chose; without a row the channel is on.
CREATE TABLE notify.preference (
    account uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('email')),
    wanted boolean NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (account, channel)
);
