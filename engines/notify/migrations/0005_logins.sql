-- Names of accounts that are a number or an address do not stay in messages: as the events tell them now.
UPDATE notify.message
   SET params = jsonb_set(params, '{name}', to_jsonb(repeat('•', 6) || right(params ->> 'name', 3)))
 WHERE kind = 'login_changed' AND params ->> 'name' ~ '[0-9.-]{9}|@';
