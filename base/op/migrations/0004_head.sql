-- The last link of the chain when a day (in Vietnam) ended. What was published cannot be written anew unseen.
CREATE TABLE op.audit_head (
    day         date        PRIMARY KEY,
    position    bigint      NOT NULL CHECK (position > 0),
    chain       bytea       NOT NULL,
    recorded_at timestamptz NOT NULL
);
