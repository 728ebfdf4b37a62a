-- Roles that were taken back from one holder of a position (thu hồi quyền, R037): the position keeps them, this holder acts without them until they
-- are given back. A reorganisation carries them over to what the position became.
CREATE TABLE identity.withheld_role (
    id          uuid        PRIMARY KEY,
    person      uuid        NOT NULL REFERENCES identity.person,
    position    uuid        NOT NULL REFERENCES identity.position,
    role        text        NOT NULL CHECK (role ~ '^[a-z][a-z0-9_]{1,39}$'),
    reason      text        NOT NULL DEFAULT '',
    by          uuid        REFERENCES identity.account,    -- NULL: the platform, by a rule
    at          timestamptz NOT NULL,
    returned_by uuid        REFERENCES identity.account,
    returned_at timestamptz,
    CONSTRAINT withheld_returned CHECK ((returned_at IS NULL) = (returned_by IS NULL))
);
CREATE UNIQUE INDEX withheld_once ON identity.withheld_role (person, position, role) WHERE returned_at IS NULL;

-- Rights for an emergency (quyền khẩn cấp): an official takes a role for hours, from the position of that moment, and says why. One at a time.
CREATE TABLE identity.emergency (
    id        uuid        PRIMARY KEY,
    account   uuid        NOT NULL REFERENCES identity.account,
    person    uuid        NOT NULL REFERENCES identity.person,
    position  uuid        NOT NULL REFERENCES identity.position,
    role      text        NOT NULL CHECK (role ~ '^[a-z][a-z0-9_]{1,39}$'),
    reason    text        NOT NULL CHECK (reason <> ''),
    taken_at  timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    ended_at  timestamptz,          -- written down when it is over, or ended before
    ended_by  uuid        REFERENCES identity.account,      -- NULL: by itself
    CONSTRAINT emergency_span CHECK (until > taken_at),
    CONSTRAINT emergency_end CHECK (ended_at IS NULL OR ended_at <= until)
);
CREATE UNIQUE INDEX emergency_one ON identity.emergency (account) WHERE ended_at IS NULL;
CREATE INDEX emergency_account ON identity.emergency (account, taken_at DESC);
CREATE INDEX emergency_order ON identity.emergency (taken_at DESC, id DESC);
