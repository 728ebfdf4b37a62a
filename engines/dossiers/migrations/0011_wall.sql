-- The second wall (R028): an operation that is not the platform's own sees of cases what its actor's rights reach, whatever a verb
-- forgets. Who acts stands in settings of the transaction, which `op` makes; the owner of the tables is not bound.
ALTER TABLE dossiers.dossier ENABLE ROW LEVEL SECURITY;
CREATE POLICY reach ON dossiers.dossier TO ngabay_walled USING (
    owner_person = (SELECT nullif(current_setting('ngabay.person', true), '')::uuid)
    OR submitter_person = (SELECT nullif(current_setting('ngabay.person', true), '')::uuid)
    OR agencies && (SELECT nullif(current_setting('ngabay.dossiers', true), '')::uuid[])
    OR (SELECT current_setting('ngabay.dossiers_everywhere', true)) = 'on'
);

-- What belongs to a case is seen by whoever sees the case.
ALTER TABLE dossiers.paper ENABLE ROW LEVEL SECURITY;
CREATE POLICY reach ON dossiers.paper TO ngabay_walled
    USING (EXISTS (SELECT FROM dossiers.dossier WHERE dossier.id = dossier_id));
ALTER TABLE dossiers.supplement ENABLE ROW LEVEL SECURITY;
CREATE POLICY reach ON dossiers.supplement TO ngabay_walled
    USING (EXISTS (SELECT FROM dossiers.dossier WHERE dossier.id = dossier_id));
ALTER TABLE dossiers.fee ENABLE ROW LEVEL SECURITY;
CREATE POLICY reach ON dossiers.fee TO ngabay_walled
    USING (EXISTS (SELECT FROM dossiers.dossier WHERE dossier.id = dossier_id));
ALTER TABLE dossiers.document ENABLE ROW LEVEL SECURITY;
CREATE POLICY reach ON dossiers.document TO ngabay_walled
    USING (EXISTS (SELECT FROM dossiers.dossier WHERE dossier.id = dossier_id));
ALTER TABLE dossiers.history ENABLE ROW LEVEL SECURITY;
CREATE POLICY reach ON dossiers.history TO ngabay_walled
    USING (EXISTS (SELECT FROM dossiers.dossier WHERE dossier.id = dossier_id));
ALTER TABLE dossiers.rating ENABLE ROW LEVEL SECURITY;
CREATE POLICY reach ON dossiers.rating TO ngabay_walled
    USING (EXISTS (SELECT FROM dossiers.dossier WHERE dossier.id = dossier_id));

-- Steps of one's agency, which lists read, and all steps of a case in reach, which move together.
ALTER TABLE dossiers.work ENABLE ROW LEVEL SECURITY;
CREATE POLICY reach ON dossiers.work TO ngabay_walled USING (
    agency_id = ANY ((SELECT nullif(current_setting('ngabay.dossiers', true), '')::uuid[])::uuid[])
    OR EXISTS (SELECT FROM dossiers.dossier WHERE dossier.id = dossier_id)
);

-- Whether there is such a case at all: an attempt at one that is out of reach goes into the audit trail.
CREATE FUNCTION dossiers.is_there(wanted uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS 'SELECT EXISTS (SELECT FROM dossiers.dossier WHERE id = wanted)';
REVOKE EXECUTE ON FUNCTION dossiers.is_there FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dossiers.is_there TO ngabay_walled;
