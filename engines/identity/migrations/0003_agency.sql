-- State agencies, their codes over time, their units, the positions in them.
CREATE TABLE identity.agency (
    id          uuid PRIMARY KEY,
    level       text NOT NULL CHECK (level IN ('province', 'department', 'district', 'commune')),
    kind        text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_]{1,39}$'),
    name        text NOT NULL,
    name_folded text NOT NULL COLLATE "C",
    name_key    text NOT NULL COLLATE "C",
    parent      uuid REFERENCES identity.agency,
    area_code   text,
    address     text NOT NULL DEFAULT '',
    phone       text NOT NULL DEFAULT '',
    valid_from  date NOT NULL,
    valid_to    date,
    CONSTRAINT agency_days CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT agency_own_parent CHECK (parent <> id)
);
CREATE INDEX agency_parent ON identity.agency (parent);
CREATE INDEX agency_area ON identity.agency (area_code, kind);
CREATE INDEX agency_order ON identity.agency (name_key, id);

-- An agency keeps its identity when its code changes (H30… became H13… in 2025); a code names one agency on a day.
CREATE TABLE identity.agency_code (
    code        text NOT NULL,      -- canonical form of QĐ 20/2020/QĐ-TTg: H30.29.01
    agency      uuid NOT NULL REFERENCES identity.agency,
    origin      text NOT NULL CHECK (origin IN ('local', 'official')),
    valid_from  date NOT NULL,
    valid_to    date,
    PRIMARY KEY (code, valid_from),
    CONSTRAINT agency_code_days CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT agency_code_one_meaning EXCLUDE USING gist (code WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
CREATE INDEX agency_code_agency ON identity.agency_code (agency, valid_from DESC);

CREATE TABLE identity.unit (
    id          uuid PRIMARY KEY,
    agency      uuid NOT NULL REFERENCES identity.agency,
    code        text NOT NULL CHECK (code ~ '^[a-z0-9][a-z0-9_-]{0,59}$'),
    kind        text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_]{1,39}$'),
    name        text NOT NULL,
    valid_from  date NOT NULL,
    valid_to    date,
    CONSTRAINT unit_code UNIQUE (agency, code),
    CONSTRAINT unit_days CHECK (valid_to IS NULL OR valid_to >= valid_from)
);

CREATE TABLE identity.position (
    id          uuid PRIMARY KEY,
    agency      uuid NOT NULL REFERENCES identity.agency,
    unit        uuid REFERENCES identity.unit,
    code        text NOT NULL CHECK (code ~ '^[a-z0-9][a-z0-9_-]{0,59}$'),
    title       text NOT NULL,
    roles       text[] NOT NULL,
    valid_from  date NOT NULL,
    valid_to    date,
    CONSTRAINT position_code UNIQUE (agency, code),
    CONSTRAINT position_days CHECK (valid_to IS NULL OR valid_to >= valid_from)
);
CREATE INDEX position_unit ON identity.position (unit);
