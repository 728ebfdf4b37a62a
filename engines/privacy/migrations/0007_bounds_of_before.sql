-- Objections that were granted before the platform heeded them, and what was granted in part: to what it was bounded stands in words only, so the platform
-- heeds all of it until the person takes it back or the desk is asked again.
INSERT INTO privacy.bound (request, purpose, person, since)
SELECT id, '', person, ended_at
  FROM privacy.request
 WHERE kind IN ('restrict', 'object')
   AND outcome IN ('granted', 'partly')
   AND NOT EXISTS (SELECT FROM privacy.bound WHERE bound.request = request.id);
