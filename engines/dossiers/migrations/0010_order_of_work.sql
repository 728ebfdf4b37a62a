-- Where an open step stands in its inbox: by the nearer of its dues. A step of which nothing is due (the result waits to be fetched) comes
-- behind all that are.
CREATE FUNCTION dossiers.order_of(task_due_at timestamptz, due_at timestamptz, created_at timestamptz) RETURNS timestamptz
    LANGUAGE sql STABLE
    RETURN coalesce(least(task_due_at, due_at), created_at + interval '100 years');

-- Once officials are done nothing is due any more, however long the result waits at the counter.
UPDATE dossiers.work
   SET due_at = NULL
  FROM dossiers.dossier
 WHERE dossier.id = work.dossier_id AND dossier.finished_at IS NOT NULL;

UPDATE dossiers.work SET order_at = dossiers.order_of(task_due_at, due_at, created_at);
