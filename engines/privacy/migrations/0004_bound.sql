-- What people have been granted: for what their data is not used (hạn chế xử lý, phản đối xử lý). One row a request and purpose; the empty
-- purpose stands for everything that serving the person does not need. Rows stay when they have ended.
CREATE TABLE privacy.bound (
    request  uuid        NOT NULL REFERENCES privacy.request,
    purpose  text        NOT NULL,
    person   uuid        NOT NULL,
    since    timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (request, purpose)
);
CREATE INDEX bound_person ON privacy.bound (person, purpose) WHERE ended_at IS NULL;

-- To which purposes somebody objects; none named: to all to which one can.
ALTER TABLE privacy.request ADD COLUMN purposes text[] NOT NULL DEFAULT '{}';

-- Restrictions of before were carried out by people; from now on the platform heeds them.
INSERT INTO privacy.bound (request, purpose, person, since)
SELECT id, '', person, ended_at FROM privacy.request WHERE kind = 'restrict' AND outcome = 'granted';
ALTER TABLE privacy.request_line
    DROP CONSTRAINT request_line_action_check,
    ADD CONSTRAINT request_line_action CHECK (
        action IN ('received', 'acknowledged', 'extended', 'answered', 'withdrawn', 'late', 'lifted'));
