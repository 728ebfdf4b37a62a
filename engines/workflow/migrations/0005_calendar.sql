-- The working calendar of the State, one declaration a year: days off, days worked instead, and whether the year was announced.
CREATE TABLE workflow.calendar_year (
    year        integer     PRIMARY KEY CHECK (year BETWEEN 1900 AND 2200),
    declaration jsonb       NOT NULL CHECK (jsonb_typeof(declaration) = 'object'),
    updated_at  timestamptz NOT NULL,
    -- who acted, as in the audit trail: "official:<account>" or "system:<part>"
    updated_by  text        NOT NULL CHECK (updated_by <> '')
);
