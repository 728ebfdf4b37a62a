-- Signing in by other providers of identity (VNeID, the single sign-on of the national portal).
CREATE SCHEMA federation;
