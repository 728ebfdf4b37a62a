-- Where somebody whom it concerns cannot be asked here, or objects, two officials see the paper before anybody acts for another (R033): who was first, and
-- when. Who decides is another one.
ALTER TABLE identity.registration
    ADD COLUMN seen_by uuid REFERENCES identity.account,
    ADD COLUMN seen_at timestamptz,
    ADD CONSTRAINT registration_first CHECK ((seen_by IS NULL) = (seen_at IS NULL)),
    ADD CONSTRAINT registration_two CHECK (state <> 'approved' OR seen_by IS DISTINCT FROM decided_by);
