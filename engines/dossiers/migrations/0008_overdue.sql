-- The hourly search for late dossiers reads those that somebody still has to finish, the longest overdue first. `finished_at` stands
-- for the status here: it changes once, so that a step of the process does not write every index anew.
CREATE INDEX dossier_overdue ON dossiers.dossier (due_at)
 WHERE finished_at IS NULL AND late_at IS NULL AND waiting_since IS NULL AND due_at IS NOT NULL;
