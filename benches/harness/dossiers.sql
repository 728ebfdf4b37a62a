-- Invented dossiers for measurements, never for a demonstration: :wanted rows, the newest twentieth open with one task each.
SET synchronous_commit = off;
CREATE TEMP TABLE office AS
    SELECT row_number() OVER (ORDER BY code) - 1 AS number, id, code, name FROM identity.agency WHERE code <> '';
CREATE TEMP TABLE made AS
    SELECT n,
        office.id AS agency, office.code AS agency_code, office.name AS agency_name,
        (n / (SELECT count(*) FROM office)) AS turn,
        now() - ((:wanted - n)::float8 / :wanted) * interval '1500 days' AS at,
        n > :wanted * 0.95 AS open,
        gen_random_uuid() AS task
    FROM generate_series(1, :wanted) AS n
    JOIN office ON office.number = n % (SELECT count(*) FROM office);
ALTER TABLE made ADD COLUMN id uuid;
UPDATE made SET id = (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid;
INSERT INTO dossiers.dossier (id, code, definition_id, app, procedure_code, title, channel, status, version, receiving_agency, handling_agency,
    agencies, receiving_code, receiving_name, owner_name, submitter_name, answers, search, instance_id, draft_id, submitted_at, received_at,
    promised_at, due_at, finished_at, returned_at, updated_at)
SELECT made.id,
    agency_code || '-' || to_char(at, 'YYMMDD') || '-B' || lpad(to_hex(turn), 6, '0'),
    definition.id, definition.app, definition.procedure_code, 'Hồ sơ ' || n, 'online',
    CASE WHEN open THEN 4 ELSE 10 END, 3, agency, agency, ARRAY[agency], agency_code, agency_name,
    'Nguyễn Văn ' || n, 'Nguyễn Văn ' || n, '{}', to_tsvector('simple', 'nguyen van ' || n || ' agency:' || agency), gen_random_uuid(), gen_random_uuid(),
    at, at, at + interval '3 days', at + interval '3 days',
    CASE WHEN open THEN NULL ELSE at + interval '2 days' END, CASE WHEN open THEN NULL ELSE at + interval '2 days' END, at
FROM made, (SELECT id, app, procedure_code FROM dossiers.definition WHERE in_force ORDER BY app LIMIT 1) AS definition;
INSERT INTO dossiers.history (dossier_id, at, action, actor, actor_name, status_before, status_after, internal)
SELECT id, at, 'submitted', 'system:bench', 'Hệ thống', NULL, 1, false FROM made;
INSERT INTO dossiers.work (task_id, dossier_id, agency_id, role, node, ready, task_due_at, due_at, order_at, created_at, code, app, procedure_code,
    title, owner_name, status)
SELECT task, made.id, agency, (ARRAY['clerk', 'specialist', 'leader'])[1 + n % 3], (ARRAY['receive', 'check', 'approve'])[1 + n % 3], n % 10 <> 0,
    at + interval '4 hours', at + interval '3 days', at + interval '4 hours', at, dossier.code, dossier.app, dossier.procedure_code,
    dossier.title, dossier.owner_name, 4
FROM made JOIN dossiers.dossier ON dossier.id = made.id WHERE open;
