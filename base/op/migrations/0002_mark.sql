-- What was done to this database once and stays done, such as the steps of a load, and from which content. Outcomes of requests
-- are forgotten after a while; these are not.
CREATE TABLE op.mark (
    key text PRIMARY KEY,
    value text NOT NULL,
    at timestamptz NOT NULL
);
INSERT INTO op.mark (key, value, at)
SELECT key, value #>> '{}', at FROM op.outcome WHERE key LIKE 'province.%';
DELETE FROM op.outcome WHERE key LIKE 'province.%';
