-- The national list of administrative areas, with what became of each: what a code means anywhere in the country on any day. It stands beside
-- `identity.area`, which holds the areas by which this house works; a profile of an older day holds there what the national list has ended.
CREATE TABLE identity.area_catalogue (
    code       text NOT NULL CHECK (code ~ '^([0-9]{2}|[0-9]{3}|[0-9]{5})$'),
    level      text NOT NULL CHECK (level IN ('province', 'district', 'ward')),
    parent     text CHECK (parent ~ '^[0-9]{2,3}$'),
    name       text NOT NULL,
    place      text NOT NULL,              -- names of the areas above, the lowest first
    own_words  text NOT NULL COLLATE "C",  -- folded words of name and code, each between spaces
    all_words  text NOT NULL COLLATE "C",  -- and of the areas above
    name_key   text NOT NULL COLLATE "C",
    valid_from date NOT NULL,
    from_known boolean NOT NULL,           -- false: the first day is a convention
    valid_to   date,                       -- last day, included; NULL: no end in sight
    PRIMARY KEY (code, valid_from),
    CONSTRAINT area_catalogue_days CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT area_catalogue_top CHECK ((level = 'province') = (parent IS NULL)),
    CONSTRAINT area_catalogue_one_meaning EXCLUDE USING gist (code WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
CREATE INDEX area_catalogue_name ON identity.area_catalogue (name_key, code, valid_from);

CREATE TABLE identity.area_catalogue_successor (
    old_code text NOT NULL,
    old_from date NOT NULL,
    new_code text NOT NULL,
    new_from date NOT NULL,
    whole    boolean NOT NULL,
    note     text NOT NULL,                -- how the source puts it, where it says more than whole or part
    basis    text NOT NULL,                -- the resolution, where the source names it
    PRIMARY KEY (old_code, old_from, new_code, new_from),
    FOREIGN KEY (old_code, old_from) REFERENCES identity.area_catalogue (code, valid_from),
    FOREIGN KEY (new_code, new_from) REFERENCES identity.area_catalogue (code, valid_from)
);
CREATE INDEX area_catalogue_successor_new ON identity.area_catalogue_successor (new_code, new_from);
