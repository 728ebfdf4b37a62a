CREATE TABLE forms.draft (
    id uuid PRIMARY KEY,
    app text NOT NULL,
    form text NOT NULL,
    form_version text NOT NULL,
    -- Key of the actor who began it: 'citizen:<uuid>', 'official:<uuid>'.
    holder text NOT NULL CHECK (holder <> ''),
    account uuid,
    channel text NOT NULL CHECK (channel IN ('online', 'counter', 'post')),
    -- What the caller wants to find again: the receiving agency, on whose behalf.
    context jsonb NOT NULL,
    -- Field to typed value, also of pages that do not apply at the moment.
    answers jsonb NOT NULL DEFAULT '{}',
    -- Page to what was typed there, for pages that did not validate.
    raw jsonb NOT NULL DEFAULT '{}',
    -- Pages that were saved without an error.
    passed text[] NOT NULL DEFAULT '{}',
    -- Grows with every change.
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- What it became, 'dossier:<uuid>'; null while it is open.
    subject text CHECK (subject <> ''),
    FOREIGN KEY (app, form, form_version) REFERENCES forms.definition (app, form, version)
);
CREATE INDEX draft_holder ON forms.draft (holder, updated_at DESC, id DESC) WHERE subject IS NULL;
CREATE INDEX draft_updated_at ON forms.draft (updated_at);
