-- People, and who holds which position.
CREATE TABLE identity.person (
    id               uuid PRIMARY KEY,
    full_name        text NOT NULL,
    name_folded      text NOT NULL COLLATE "C",
    name_key         text NOT NULL COLLATE "C",     -- given name first: the order of Vietnamese lists
    personal_number  text CHECK (personal_number ~ '^[0-9]{12}$'),
    birth_date       date,
    sex              text CHECK (sex IN ('male', 'female')),
    ethnicity        text,
    nationality      text NOT NULL DEFAULT 'VN' CHECK (nationality ~ '^[A-Z]{2}$'),
    residence_ward   text,
    residence_detail text,
    phone            text,
    email            text,
    synthetic        boolean NOT NULL DEFAULT false,
    source_key       text,          -- key in the list from which the person was loaded, for those without a number
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL
);
CREATE UNIQUE INDEX person_number ON identity.person (personal_number) WHERE personal_number IS NOT NULL;
CREATE UNIQUE INDEX person_source ON identity.person (source_key) WHERE source_key IS NOT NULL;
CREATE INDEX person_order ON identity.person (name_key, id);
CREATE INDEX person_phone ON identity.person (phone) WHERE phone IS NOT NULL;
CREATE INDEX person_ward ON identity.person (residence_ward) WHERE residence_ward IS NOT NULL;
-- A space before the name makes its first word look like the others: '% an%' finds words that begin with "an".
CREATE INDEX person_words ON identity.person USING gin ((' ' || name_folded) public.gin_trgm_ops);

CREATE TABLE identity.holding (
    id          uuid PRIMARY KEY,
    person      uuid NOT NULL REFERENCES identity.person,
    position    uuid NOT NULL REFERENCES identity.position,
    valid_from  date NOT NULL,
    valid_to    date,
    CONSTRAINT holding_days CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT holding_once EXCLUDE USING gist
        (person WITH =, position WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
CREATE INDEX holding_position ON identity.holding (position, valid_from);
CREATE UNIQUE INDEX holding_start ON identity.holding (person, position, valid_from);
