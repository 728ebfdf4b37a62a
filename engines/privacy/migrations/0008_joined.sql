-- Two accounts of one person became one (gộp tài khoản), and both had an open request of the same kind: each keeps its number and its days. Such a one
-- does not count against the one open request that a person has of each kind.
ALTER TABLE privacy.request ADD COLUMN joined boolean NOT NULL DEFAULT false;
DROP INDEX privacy.request_open;
CREATE UNIQUE INDEX request_open ON privacy.request (person, kind) WHERE state IN ('received', 'acknowledged') AND NOT joined;
