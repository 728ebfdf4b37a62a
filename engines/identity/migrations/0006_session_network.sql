-- A browser is known by its device token alone: nobody asks any more from which network a session was opened.
DROP INDEX identity.session_network;
ALTER TABLE identity.session DROP COLUMN network;
