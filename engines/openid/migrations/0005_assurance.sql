-- How sure it is who has signed in, and whether another provider of identity has said so.
ALTER TABLE openid.authorisation
    ADD COLUMN assurance text CHECK (assurance IN ('low', 'substantial', 'high')),
    ADD COLUMN federated boolean NOT NULL DEFAULT false;
UPDATE openid.authorisation SET assurance = CASE WHEN two_factors THEN 'substantial' ELSE 'low' END;
ALTER TABLE openid.authorisation ALTER COLUMN assurance SET NOT NULL;
