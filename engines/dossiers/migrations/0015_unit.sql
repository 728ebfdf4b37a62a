-- The unit inside the agency with which an open step lies, as its process knows it: where a right ends at a unit (phạm vi đơn vị), the case is in reach
-- while one of its steps lies there.
ALTER TABLE dossiers.work ADD COLUMN unit_id uuid;
