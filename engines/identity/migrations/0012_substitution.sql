-- Standing in for somebody (ủy quyền, thay thế): a colleague acts from the position of a holder, for some days and some of its roles. What
-- was given stays written when it has ended. It counts while the holder holds the position, and not a day longer.
CREATE TABLE identity.substitution (
    id          uuid PRIMARY KEY,
    position    uuid NOT NULL REFERENCES identity.position,
    holder      uuid NOT NULL REFERENCES identity.person,
    substitute  uuid NOT NULL REFERENCES identity.person,
    roles       text[] NOT NULL CHECK (cardinality(roles) > 0),
    valid_from  date NOT NULL,
    valid_to    date NOT NULL,
    reason      text NOT NULL CHECK (reason <> ''),
    given_by    uuid NOT NULL REFERENCES identity.account,
    given_at    timestamptz NOT NULL,
    ended_at    timestamptz,
    ended_by    uuid REFERENCES identity.account,
    CONSTRAINT substitution_two CHECK (holder <> substitute),
    CONSTRAINT substitution_days CHECK (valid_to >= valid_from),
    CONSTRAINT substitution_end CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CONSTRAINT substitution_once EXCLUDE USING gist
        (position WITH =, substitute WITH =, daterange(valid_from, valid_to, '[]') WITH &&) WHERE (ended_at IS NULL)
);
CREATE INDEX substitution_substitute ON identity.substitution (substitute, valid_to) WHERE ended_at IS NULL;
CREATE INDEX substitution_holder ON identity.substitution (holder, given_at DESC);
