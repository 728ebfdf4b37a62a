-- The unit inside the agency with which a task lies: that of the position from which somebody has taken it. Rights may end at a unit (phạm vi đơn vị).
ALTER TABLE workflow.task
    ADD COLUMN unit_id uuid,
    ADD CONSTRAINT task_unit CHECK (unit_id IS NULL OR assignee_id IS NOT NULL);
