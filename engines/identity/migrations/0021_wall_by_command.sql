-- The wall of registrations and representations by what is done (R028): whoever may see a row may not therefore write one.

DROP POLICY reach ON identity.registration;
DROP POLICY ask ON identity.registration;
CREATE POLICY see ON identity.registration FOR SELECT TO ngabay_walled USING (
    asked_by = (SELECT nullif(current_setting('ngabay.account', true), '')::uuid)
    OR (SELECT current_setting('ngabay.official', true)) = 'on'
    OR EXISTS (
        SELECT FROM identity.standing_voice AS voice
        WHERE voice.registration = registration.id
          AND voice.account = (SELECT nullif(current_setting('ngabay.account', true), '')::uuid)
    )
);
-- Strangers for themselves, people as themselves to act for others; nothing is born decided.
CREATE POLICY ask ON identity.registration FOR INSERT TO ngabay_walled WITH CHECK (
    state = 'waiting'
    AND asked_by IS NOT DISTINCT FROM (SELECT nullif(current_setting('ngabay.account', true), '')::uuid)
    AND (SELECT coalesce(current_setting('ngabay.representation', true), '')) = ''
    AND (SELECT coalesce(current_setting('ngabay.official', true), '')) <> 'on'
);
-- Officials decide, never about what they have asked for.
CREATE POLICY decide ON identity.registration FOR UPDATE TO ngabay_walled USING (
    (SELECT current_setting('ngabay.official', true)) = 'on'
    AND asked_by IS DISTINCT FROM (SELECT nullif(current_setting('ngabay.account', true), '')::uuid)
) WITH CHECK (
    (SELECT current_setting('ngabay.official', true)) = 'on'
    AND asked_by IS DISTINCT FROM (SELECT nullif(current_setting('ngabay.account', true), '')::uuid)
);

DROP POLICY reach ON identity.representation;
CREATE POLICY see ON identity.representation FOR SELECT TO ngabay_walled USING (
    represented = (SELECT nullif(current_setting('ngabay.person', true), '')::uuid)
    OR representative = (SELECT nullif(current_setting('ngabay.person', true), '')::uuid)
    OR represented = (SELECT nullif(current_setting('ngabay.represents', true), '')::uuid)
    OR (SELECT current_setting('ngabay.official', true)) = 'on'
);
-- A power of attorney is given by the one whom it concerns, as themself. All others are written by an official, for the one who has asked, while that
-- waits; never for the official.
CREATE POLICY give ON identity.representation FOR INSERT TO ngabay_walled WITH CHECK (
    ended_at IS NULL
    AND given_by = (SELECT nullif(current_setting('ngabay.account', true), '')::uuid)
    AND CASE WHEN kind = 'attorney' THEN
        represented = (SELECT nullif(current_setting('ngabay.person', true), '')::uuid)
        AND (SELECT coalesce(current_setting('ngabay.representation', true), '')) = ''
        AND (SELECT coalesce(current_setting('ngabay.official', true), '')) <> 'on'
    ELSE
        (SELECT current_setting('ngabay.official', true)) = 'on'
        AND representative <> (SELECT nullif(current_setting('ngabay.person', true), '')::uuid)
        AND EXISTS (
            SELECT FROM identity.registration AS asked
            JOIN identity.account AS asker ON asker.id = asked.asked_by
            WHERE asked.id = representation.registration
              AND asked.state = 'waiting'
              AND asker.person = representation.representative
        )
    END
);
-- What is changed is its end, once, in one's own name.
CREATE POLICY finish ON identity.representation FOR UPDATE TO ngabay_walled USING (
    ended_at IS NULL
    AND (
        represented = (SELECT nullif(current_setting('ngabay.person', true), '')::uuid)
        OR representative = (SELECT nullif(current_setting('ngabay.person', true), '')::uuid)
        OR represented = (SELECT nullif(current_setting('ngabay.represents', true), '')::uuid)
        OR (SELECT current_setting('ngabay.official', true)) = 'on'
    )
) WITH CHECK (
    ended_at IS NOT NULL
    AND ended_by = (SELECT nullif(current_setting('ngabay.account', true), '')::uuid)
);
