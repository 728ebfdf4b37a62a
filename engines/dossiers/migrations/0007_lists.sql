-- What lists read when there are millions.

-- Search of an office: one row a dossier and an agency that holds or held it. Every word begins with the last six digits of the
-- agency, so that what is frequent in the province costs an office only its own part of it.
CREATE TABLE dossiers.holding (
    agency_id  uuid     NOT NULL,
    dossier_id uuid     NOT NULL REFERENCES dossiers.dossier (id),
    words      tsvector NOT NULL,
    PRIMARY KEY (agency_id, dossier_id)
);
INSERT INTO dossiers.holding (agency_id, dossier_id, words)
SELECT agency, id,
       array_to_tsvector(ARRAY(SELECT right(agency::text, 6) || '/' || word
                                 FROM unnest(tsvector_to_array(search)) AS word
                                WHERE word NOT LIKE 'agency:%'))
  FROM dossiers.dossier, unnest(agencies) AS agency;
CREATE INDEX holding_words ON dossiers.holding USING gin (words);
ALTER TABLE dossiers.dossier DROP COLUMN search;

-- With both dues in the index the numbers above an inbox are counted without a look at the table.
DROP INDEX dossiers.work_inbox;
CREATE INDEX work_inbox ON dossiers.work (agency_id, order_at, task_id) INCLUDE (role, assignee_id, task_due_at, due_at) WHERE ready;

-- The few procedures that are online, out of thousands: every inbox offers them as a filter.
CREATE INDEX procedure_online ON dossiers.procedure (code) WHERE app IS NOT NULL;
