-- What the check of a file noticed without refusing it, shown to whoever looks at the paper.
ALTER TABLE dossiers.paper
    ADD COLUMN warnings text[] NOT NULL DEFAULT '{}';

-- Once officials are done nothing is due any more, however long the result waits at the counter.
UPDATE dossiers.work
   SET due_at = NULL,
       order_at = coalesce(task_due_at, created_at)
  FROM dossiers.dossier
 WHERE dossier.id = work.dossier_id AND dossier.finished_at IS NOT NULL;
