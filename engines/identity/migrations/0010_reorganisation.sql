-- Reorganisations that were carried out: what was declared, and the report. A key is carried out once.
CREATE TABLE identity.reorganisation (
    key         text PRIMARY KEY CHECK (key ~ '^[a-z][a-z0-9_-]{0,62}$'),
    title       text NOT NULL,
    basis       text NOT NULL,
    on_day      date NOT NULL,          -- the first day of what is new
    declaration text NOT NULL,          -- the plan as it was written
    report      jsonb NOT NULL DEFAULT '{}',
    executed_at timestamptz NOT NULL,   -- when it was recorded here, which may be later
    executed_by text NOT NULL
);

-- What became of an area: all of it went into another one, or a part. Codes are used again, so both sides are told by their first day.
CREATE TABLE identity.area_successor (
    old_code       text NOT NULL,
    old_from       date NOT NULL,
    new_code       text NOT NULL,
    new_from       date NOT NULL,
    whole          boolean NOT NULL,
    reorganisation text NOT NULL REFERENCES identity.reorganisation,
    PRIMARY KEY (old_code, old_from, new_code, new_from),
    FOREIGN KEY (old_code, old_from) REFERENCES identity.area (code, valid_from),
    FOREIGN KEY (new_code, new_from) REFERENCES identity.area (code, valid_from)
);
CREATE INDEX area_successor_new ON identity.area_successor (new_code, new_from);

-- What became of an agency. One of its successors is its home: there its open work goes on.
CREATE TABLE identity.agency_successor (
    old            uuid NOT NULL REFERENCES identity.agency,
    new            uuid NOT NULL REFERENCES identity.agency,
    whole          boolean NOT NULL,
    home           boolean NOT NULL,
    reorganisation text NOT NULL REFERENCES identity.reorganisation,
    PRIMARY KEY (old, new),
    CONSTRAINT agency_successor_other CHECK (old <> new)
);
CREATE UNIQUE INDEX agency_successor_home ON identity.agency_successor (old) WHERE home;
CREATE INDEX agency_successor_new ON identity.agency_successor (new);

-- Which position goes on as which. Who held the old one keeps that in `holding`, until the day before.
CREATE TABLE identity.position_successor (
    old            uuid PRIMARY KEY REFERENCES identity.position,
    new            uuid NOT NULL REFERENCES identity.position,
    reorganisation text NOT NULL REFERENCES identity.reorganisation
);
CREATE INDEX position_successor_new ON identity.position_successor (new);

-- A level that is no more, and the one that does its work since.
CREATE TABLE identity.level_successor (
    level          text PRIMARY KEY CHECK (level IN ('province', 'department', 'district', 'commune')),
    home           text NOT NULL CHECK (home IN ('province', 'department', 'district', 'commune')),
    since          date NOT NULL,
    reorganisation text NOT NULL REFERENCES identity.reorganisation,
    CONSTRAINT level_successor_other CHECK (level <> home)
);
