-- How a message fares outside of the box. A row is made only for a channel that is configured and wanted.
CREATE TABLE notify.delivery (
    message uuid NOT NULL REFERENCES notify.message (id),
    channel text NOT NULL CHECK (channel IN ('email')),
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    last_error text,
    at timestamptz NOT NULL,
    PRIMARY KEY (message, channel)
);
CREATE INDEX delivery_state ON notify.delivery (state, at) WHERE state <> 'sent';
