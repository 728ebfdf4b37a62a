-- The trail only grows (nhật ký chỉ ghi thêm): whoever acts behind the second wall adds entries and reads them, and changes or removes none.
ALTER TABLE op.audit_entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY reading ON op.audit_entry FOR SELECT TO ngabay_walled USING (true);
CREATE POLICY adding ON op.audit_entry FOR INSERT TO ngabay_walled WITH CHECK (true);
ALTER TABLE op.audit_seal ENABLE ROW LEVEL SECURITY;
CREATE POLICY reading ON op.audit_seal FOR SELECT TO ngabay_walled USING (true);
ALTER TABLE op.audit_head ENABLE ROW LEVEL SECURITY;
CREATE POLICY reading ON op.audit_head FOR SELECT TO ngabay_walled USING (true);
