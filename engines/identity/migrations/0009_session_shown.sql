-- When the owner has last shown in this session who they are, by all that the account asks for: acts that weigh ask for it anew.
ALTER TABLE identity.session ADD COLUMN shown_at timestamptz;
UPDATE identity.session SET shown_at = coalesce(second_factor_at, created_at);
ALTER TABLE identity.session ALTER COLUMN shown_at SET NOT NULL;
