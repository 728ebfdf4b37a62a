-- The file itself lies with the engine files; here is which paper it stands for.
CREATE TABLE forms.attachment (
    draft uuid NOT NULL REFERENCES forms.draft (id) ON DELETE CASCADE,
    file uuid NOT NULL,
    paper text NOT NULL CHECK (paper <> ''),
    name text NOT NULL,
    attached_at timestamptz NOT NULL,
    PRIMARY KEY (draft, file)
);
