-- Two accounts of one person become one (gộp tài khoản, R030, R032): a person who is no more one of their own leads to the one who remains. Rows stay,
-- so that every old number, and every entry of the trail, still says whom it means.
ALTER TABLE identity.person
    ADD COLUMN merged_into uuid REFERENCES identity.person,
    ADD CONSTRAINT person_merged_elsewhere CHECK (merged_into <> id);
CREATE INDEX person_merged ON identity.person (merged_into) WHERE merged_into IS NOT NULL;

-- No chains: whoever remains is nobody else. Whoever merges locks both rows; this holds whatever a verb forgets.
CREATE FUNCTION identity.merged_without_chain() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    IF EXISTS (SELECT FROM identity.person WHERE id = NEW.merged_into AND merged_into IS NOT NULL)
       OR EXISTS (SELECT FROM identity.person WHERE merged_into = NEW.id) THEN
        RAISE EXCEPTION 'a person who remains was merged' USING ERRCODE = 'check_violation', CONSTRAINT = 'person_merged_chain';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER merged_without_chain
    BEFORE INSERT OR UPDATE OF merged_into ON identity.person
    FOR EACH ROW WHEN (NEW.merged_into IS NOT NULL) EXECUTE FUNCTION identity.merged_without_chain();

-- One official proposes with the paper in hand, another one confirms (bốn mắt).
CREATE TABLE identity.merge (
    id           uuid        PRIMARY KEY,
    from_person  uuid        NOT NULL REFERENCES identity.person,
    from_account uuid        NOT NULL REFERENCES identity.account,
    into_person  uuid        NOT NULL REFERENCES identity.person,
    into_account uuid        REFERENCES identity.account,    -- NULL: there was none, the account follows
    differs      boolean     NOT NULL,                       -- name or birth date are not the same, and somebody has said why
    sealed       bytea       NOT NULL,                       -- the paper, why they differ, why it was refused (purpose identity.merge, row merge:<id>)
    proposed_by  uuid        NOT NULL REFERENCES identity.account,
    proposed_at  timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    state        text        NOT NULL CHECK (state IN ('proposed', 'done', 'refused', 'expired')),
    decided_by   uuid        REFERENCES identity.account,
    decided_at   timestamptz,
    counts       jsonb,                                      -- what followed: [{engine, what, count}]
    CONSTRAINT merge_two CHECK (from_person <> into_person),
    CONSTRAINT merge_end CHECK ((state = 'proposed') = (decided_at IS NULL)),
    CONSTRAINT merge_four_eyes CHECK (state <> 'done' OR (decided_by IS NOT NULL AND decided_by <> proposed_by)),
    CONSTRAINT merge_counted CHECK ((state = 'done') = (counts IS NOT NULL))
);
ALTER TABLE identity.merge ALTER COLUMN sealed SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX merge_open ON identity.merge (from_person) WHERE state = 'proposed';
CREATE INDEX merge_waiting ON identity.merge (proposed_at, id) WHERE state = 'proposed';
CREATE INDEX merge_decided ON identity.merge (decided_at DESC, id DESC) WHERE state <> 'proposed';
