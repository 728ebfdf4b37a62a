-- Handed in for somebody else (đại diện, ủy quyền): under which representation. The owner is the represented, the submitter who acted.
ALTER TABLE dossiers.dossier ADD COLUMN representation uuid;
CREATE INDEX dossier_represented ON dossiers.dossier (owner_person, id) WHERE representation IS NOT NULL;

-- The second wall: whoever acts for another reaches what was handed in for that one, and not their own; as themself they do not reach
-- what they have handed in for others.
DROP POLICY reach ON dossiers.dossier;
CREATE POLICY reach ON dossiers.dossier TO ngabay_walled USING (
    CASE WHEN (SELECT coalesce(current_setting('ngabay.representation', true), '')) = '' THEN
        owner_person = (SELECT nullif(current_setting('ngabay.person', true), '')::uuid)
        OR (submitter_person = (SELECT nullif(current_setting('ngabay.person', true), '')::uuid) AND representation IS NULL)
    ELSE
        representation = (SELECT nullif(current_setting('ngabay.representation', true), '')::uuid)
        OR (owner_person = (SELECT nullif(current_setting('ngabay.represents', true), '')::uuid) AND representation IS NOT NULL)
    END
    OR agencies && (SELECT nullif(current_setting('ngabay.dossiers', true), '')::uuid[])
    OR (SELECT current_setting('ngabay.dossiers_everywhere', true)) = 'on'
);
