-- A role that the review found gone: whoever had it has it no more, so there was nothing to take back.
ALTER TABLE oversight.review_line
    DROP CONSTRAINT review_line_verdict_check,
    ADD CONSTRAINT review_line_verdict_check CHECK (verdict IN ('kept', 'taken_back', 'ended', 'left', 'gone'));

-- A report that was questioned is owed anew, with a day of its own.
DROP INDEX oversight.emergency_report_due;
CREATE INDEX emergency_report_due ON oversight.emergency_report (due_at)
    WHERE (written_at IS NULL OR verdict = 'questioned') AND told_late_at IS NULL;

-- The second wall (R028): of reviews everybody sees the agencies in reach and what is said of themself, of reports whoever took the right sees their
-- own. Whoever reaches everywhere here looks after all of them (administrators, data protection).
ALTER TABLE oversight.review_line ENABLE ROW LEVEL SECURITY;
CREATE POLICY reach ON oversight.review_line TO ngabay_walled USING (
    person = (SELECT nullif(current_setting('ngabay.person', true), '')::uuid)
    OR agency = ANY ((SELECT nullif(current_setting('ngabay.oversight', true), '')::uuid[])::uuid[])
    OR (SELECT current_setting('ngabay.oversight_everywhere', true)) = 'on'
);
ALTER TABLE oversight.emergency_report ENABLE ROW LEVEL SECURITY;
CREATE POLICY reach ON oversight.emergency_report TO ngabay_walled USING (
    account = (SELECT nullif(current_setting('ngabay.account', true), '')::uuid)
    OR (SELECT current_setting('ngabay.oversight_everywhere', true)) = 'on'
);
