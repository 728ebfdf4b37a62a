-- What a message says of somebody is sealed by the vault (purpose notify.message, row message:<id>): names, reasons, what an official asks for. The plain
-- column holds what an older program wrote, until `notify.seal` has been by. The kind, the way in and the key `once` stay.
ALTER TABLE notify.message
    ADD COLUMN sealed bytea,
    ALTER COLUMN sealed SET STORAGE EXTERNAL,
    ADD CONSTRAINT message_sealed CHECK (sealed IS NULL OR params = '{}');
CREATE INDEX message_key ON notify.message (coalesce(substring(sealed FROM 2 FOR 4), '\x00000000'), id);

DROP FUNCTION notify.put;
-- Whoever acts sends to others: the message is put into a box that the sender cannot look into. Says whether it is new there.
CREATE FUNCTION notify.put(
    new_id uuid, addressee uuid, new_kind text, new_sealed bytea, new_link text, new_once text, moment timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    INSERT INTO notify.message (id, account, kind, params, sealed, link, once, created_at)
    VALUES (new_id, addressee, new_kind, '{}', new_sealed, new_link, new_once, moment)
    ON CONFLICT (account, once) DO NOTHING;
    RETURN FOUND;
END $$;
REVOKE EXECUTE ON FUNCTION notify.put FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notify.put TO ngabay_walled;
