-- Administrative areas with the codes of the statistics office. Codes are used again with another meaning
-- (31321 was Phường III until 2025-06-30 and is Phường Vị Thanh since), so a code means something on a day only.
CREATE TABLE identity.area (
    code        text NOT NULL CHECK (code ~ '^[0-9]{2,5}$'),
    level       text NOT NULL CHECK (level IN ('province', 'district', 'ward')),
    parent      text CHECK (parent ~ '^[0-9]{2,3}$'),
    name        text NOT NULL,
    name_folded text NOT NULL COLLATE "C",
    name_key    text NOT NULL COLLATE "C",
    valid_from  date NOT NULL,
    valid_to    date,               -- last day, included; NULL: no end in sight
    PRIMARY KEY (code, valid_from),
    CONSTRAINT area_days CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT area_top CHECK ((level = 'province') = (parent IS NULL)),
    CONSTRAINT area_one_meaning EXCLUDE USING gist (code WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
CREATE INDEX area_parent ON identity.area (parent, name_key);
CREATE INDEX area_level ON identity.area (level, name_key);
