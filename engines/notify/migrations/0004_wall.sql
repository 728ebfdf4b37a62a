-- The second wall (R028): a message is read by whoever it was sent to, whatever a verb forgets. Who acts stands in settings of the
-- transaction, which `op` makes; the owner of the tables is not bound.
ALTER TABLE notify.message ENABLE ROW LEVEL SECURITY;
CREATE POLICY addressee ON notify.message TO ngabay_walled
    USING (account = (SELECT nullif(current_setting('ngabay.account', true), '')::uuid));

-- Whoever acts sends to others: the message is put into a box that the sender cannot look into. Says whether it is new there.
CREATE FUNCTION notify.put(
    new_id uuid, addressee uuid, new_kind text, new_params jsonb, new_link text, new_once text, moment timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    INSERT INTO notify.message (id, account, kind, params, link, once, created_at)
    VALUES (new_id, addressee, new_kind, new_params, new_link, new_once, moment)
    ON CONFLICT (account, once) DO NOTHING;
    RETURN FOUND;
END $$;
REVOKE EXECUTE ON FUNCTION notify.put FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notify.put TO ngabay_walled;
