-- Makes every invented dossier of lists/dossiers.sql an open one, with its process, its task and its row in the inbox. For measurements only.
SET session_replication_role = replica;
SET synchronous_commit = off;
UPDATE dossiers.dossier
   SET status = 4, finished_at = NULL, returned_at = NULL, waiting_since = NULL, resume_status = NULL
 WHERE NOT EXISTS (SELECT FROM dossiers.work WHERE work.dossier_id = dossier.id);
INSERT INTO workflow.instance (id, definition_id, subject, agencies, variables, state, next_token, version, started_at)
SELECT dossier.instance_id,
       (SELECT id FROM workflow.definition WHERE current LIMIT 1),
       'dossier:' || dossier.id,
       jsonb_build_object('receiving', receiving_agency, 'handling', handling_agency),
       '{}', 'running', 1, 1, submitted_at
  FROM dossiers.dossier
    ON CONFLICT (id) DO NOTHING;
INSERT INTO dossiers.work (task_id, dossier_id, agency_id, role, node, ready, due_at, order_at, created_at, code, app, procedure_code, title, owner_name, status)
SELECT gen_random_uuid(), id, handling_agency, 'specialist', 'check', true, due_at, coalesce(due_at, submitted_at), submitted_at, code, app,
       procedure_code, title, owner_name, 4
  FROM dossiers.dossier
 WHERE NOT EXISTS (SELECT FROM dossiers.work WHERE work.dossier_id = dossier.id);
INSERT INTO workflow.task (id, instance_id, token, node, role, agency_id, outcomes, state, version, created_at)
SELECT work.task_id, dossier.instance_id, 0, work.node, work.role, work.agency_id, ARRAY['propose'], 'ready', 1, work.created_at
  FROM dossiers.work JOIN dossiers.dossier ON dossier.id = work.dossier_id
    ON CONFLICT (id) DO NOTHING;
ANALYZE;
