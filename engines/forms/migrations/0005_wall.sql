-- The second wall (R028): a draft is its holder's alone, whatever a verb forgets. Who acts stands in settings of the transaction, which
-- `op` makes; the owner of the tables is not bound.
ALTER TABLE forms.draft ENABLE ROW LEVEL SECURITY;
CREATE POLICY holder ON forms.draft TO ngabay_walled
    USING (holder = (SELECT nullif(current_setting('ngabay.holder', true), '')));
ALTER TABLE forms.attachment ENABLE ROW LEVEL SECURITY;
CREATE POLICY holder ON forms.attachment TO ngabay_walled
    USING (EXISTS (SELECT FROM forms.draft WHERE draft.id = attachment.draft));

-- Whether there is such a draft at all: an attempt at somebody else's goes into the audit trail.
CREATE FUNCTION forms.is_there(wanted uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = ''
    AS 'SELECT EXISTS (SELECT FROM forms.draft WHERE id = wanted)';
REVOKE EXECUTE ON FUNCTION forms.is_there FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forms.is_there TO ngabay_walled;
