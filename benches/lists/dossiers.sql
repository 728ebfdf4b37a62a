-- Invented dossiers for measurements, never for a demonstration: :wanted of them over four years, the offices of unequal size,
-- one in a hundred still open. Names are drawn from lists of common ones, so that a search by name finds many.
-- Variables: wanted, largest (the district with the most), ward (the commune with the most), person (who owns some of them).
SET synchronous_commit = off;
SET work_mem = '256MB';
SET maintenance_work_mem = '512MB';
-- Foreign keys hold by the way the rows are made; asking for each of eight million would take longer than making them.
SET session_replication_role = replica;
DO $$ BEGIN PERFORM setseed(0.7); END $$;

-- Indexes that do not hold a rule are made once, at the end.
CREATE TEMP TABLE later AS
SELECT pg_get_indexdef(indexrelid) AS made_by, indexrelid::regclass::text AS name
  FROM pg_index
 WHERE indrelid IN ('dossiers.dossier'::regclass, 'dossiers.holding'::regclass, 'dossiers.history'::regclass, 'dossiers.work'::regclass) AND NOT indisunique;
DO $$ DECLARE gone text; BEGIN
    FOR gone IN SELECT name FROM later LOOP EXECUTE 'DROP INDEX ' || gone; END LOOP;
END $$;

-- Who receives: the largest district has an eighth of everything, the others a twenty-fifth each, the rest goes to the communes.
CREATE TEMP TABLE office AS
WITH sized AS (
    SELECT agency.id, code.code, agency.name, agency.level,
           CASE WHEN agency.level = 'district' AND agency.name = :'largest' THEN 0.125
                WHEN agency.level = 'district' THEN 0.04
                WHEN agency.name = :'ward' THEN 0.03
                ELSE 0.0075 END AS size
      FROM identity.agency
      JOIN identity.agency_code AS code ON code.agency = agency.id AND code.valid_to IS NULL
     WHERE agency.level IN ('district', 'commune') AND agency.valid_to IS NULL
)
SELECT *, row_number() OVER (ORDER BY size DESC, code) AS place,
       (sum(size) OVER (ORDER BY size DESC, code) - size) / sum(size) OVER () AS beyond
  FROM sized;

-- Every name that can be drawn, with its words as the engine folds them.
CREATE TEMP TABLE owner AS
SELECT family || ' ' || middle || ' ' || given AS name, f AS family, m AS middle, g AS given,
       string_to_array(lower(replace(replace(regexp_replace(normalize(family || ' ' || middle || ' ' || given, NFD),
           U&'[\0300-\036F]', '', 'g'), 'Đ', 'd'), 'đ', 'd')), ' ') AS words
  FROM unnest(ARRAY['Nguyễn','Trần','Lê','Phạm','Huỳnh','Võ','Đặng','Bùi','Đỗ','Hồ','Ngô','Dương','Lý','Danh','Thạch'])
           WITH ORDINALITY AS families (family, f),
       unnest(ARRAY['Văn','Thị','Hữu','Minh','Ngọc','Thanh','Hoàng','Quốc','Kim','Diễm']) WITH ORDINALITY AS middles (middle, m),
       unnest(ARRAY['An','Anh','Bình','Châu','Cường','Dung','Dũng','Đạt','Giang','Hà','Hải','Hạnh','Hiền','Hòa','Hùng','Hương',
                    'Khánh','Lan','Linh','Long','Mai','Minh','Nam','Nga','Ngân','Nghĩa','Nhung','Phát','Phúc','Phượng','Quân',
                    'Sang','Sen','Sơn','Tâm','Tài','Thảo','Thắng','Thủy','Tiên','Toàn','Trang','Trinh','Tú','Tuyền','Vân','Vy',
                    'Xuân','Yến','Út']) WITH ORDINALITY AS givens (given, g);

CREATE TEMP TABLE numbered AS
WITH drawn AS (
    SELECT n, now() - (1 - (n::float8 / :wanted)) ^ 0.9 * interval '1460 days' - interval '1 minute' AS at,
           width_bucket(random(), (SELECT array_agg(beyond::float8 ORDER BY place) FROM office)) AS place,
           1 + floor(15 * random() ^ 2)::int AS family, 1 + floor(10 * random() ^ 1.5)::int AS middle,
           1 + floor(50 * random())::int AS given
      FROM generate_series(1, :wanted) AS n
), made AS (
    SELECT drawn.n, drawn.at, owner.name AS owner, owner.words, office.id AS agency, office.code AS agency_code,
           office.name AS agency_name, office.level, gen_random_uuid() AS task,
           to_char(drawn.at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYMMDD') AS day,
           (lpad(to_hex((extract(epoch FROM drawn.at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
            || '8' || substr(md5(n::text), 4, 15))::uuid AS id,
           -- The last days are open, and one in a thousand of the rest.
           drawn.n > :wanted * 0.991 OR drawn.n % 1000 = 7 AS open
      FROM drawn
      JOIN office USING (place)
      JOIN owner USING (family, middle, given)
), counted AS (
    SELECT *, row_number() OVER (PARTITION BY agency, day ORDER BY at, n) AS number FROM made
)
SELECT *, agency_code || '-' || day || '-' || lpad(number::text, 4, '0') AS code,
       CASE WHEN NOT open THEN CASE WHEN n % 40 = 0 THEN 3 ELSE 10 END
            WHEN n % 10 = 0 THEN 5 WHEN n % 10 = 3 THEN 9 WHEN n % 3 = 0 THEN 1 WHEN n % 3 = 1 THEN 2 ELSE 4 END AS status
  FROM counted
 ORDER BY id;
CREATE INDEX ON numbered (id);
ANALYZE numbered;

INSERT INTO dossiers.dossier (id, code, definition_id, app, procedure_code, title, channel, status, version, receiving_agency,
    handling_agency, agencies, receiving_code, receiving_name, owner_person, owner_name, owner_number, phone, submitter_person,
    submitter_name, answers, instance_id, draft_id, submitted_at, received_at, promised_at, due_at, waiting_since,
    resume_status, late_at, finished_at, returned_at, updated_at)
SELECT made.id, made.code, definition.id, definition.app, definition.procedure_code,
    CASE WHEN level = 'district' THEN 'Tạp hóa ' || owner ELSE owner END,
    CASE WHEN n % 4 = 0 THEN 'counter' ELSE 'online' END,
    status, 3, agency, agency, ARRAY[agency], agency_code, agency_name,
    -- 200,000 people own all this; one owner of every 50,000 is whoever measures.
    CASE WHEN n % 50000 = 11 THEN :'person'::uuid ELSE md5('owner' || n % 200000)::uuid END,
    owner, lpad((n % 200000)::text, 12, '093'), '09' || lpad((n % 100000000)::text, 8, '0'),
    CASE WHEN n % 50000 = 11 THEN :'person'::uuid ELSE md5('owner' || n % 200000)::uuid END,
    owner,
    jsonb_build_object('requester_name', owner, 'requester_number', lpad((n % 200000)::text, 12, '093'), 'registered_at',
        jsonb_build_object('ward', '31340', 'ward_name', agency_name, 'district', ''), 'copies', 2, 'phone', '0900000000'),
    gen_random_uuid(), gen_random_uuid(), at,
    CASE WHEN status <> 1 THEN at + interval '1 hour' END,
    CASE WHEN status <> 1 THEN at + interval '3 days' END,
    CASE WHEN status <> 1 THEN at + interval '3 days' END,
    CASE WHEN status = 5 THEN at + interval '2 hours' END,
    CASE WHEN status = 5 THEN 4 END,
    -- What is late was found so: otherwise the measured program would be busy with telling its officials.
    CASE WHEN status IN (2, 4) AND at + interval '3 days' < now() THEN at + interval '3 days' END,
    CASE WHEN NOT open THEN at + interval '2 days' + (n % 17 = 0)::int * interval '2 days' WHEN status = 9 THEN at + interval '3 hours' END,
    CASE WHEN NOT open AND status = 10 THEN at + interval '5 days' END,
    at + interval '2 days'
FROM numbered AS made
JOIN dossiers.definition ON definition.in_force AND definition.app = CASE
    WHEN level = 'district' THEN 'household-business' WHEN n % 2 = 0 THEN 'civil-extract' ELSE 'birth-registration' END
ORDER BY made.id;

INSERT INTO dossiers.holding (agency_id, dossier_id, words)
SELECT agency, id, array_to_tsvector(ARRAY(SELECT right(agency::text, 6) || '/' || word
    FROM unnest(CASE WHEN level = 'district' THEN ARRAY['tap', 'hoa'] ELSE '{}' END || words
        || regexp_split_to_array(lower(code), '[^a-z0-9]+')
        || ARRAY[lower(code), lpad((n % 200000)::text, 12, '093'), '09' || lpad((n % 100000000)::text, 8, '0')]) AS word))
  FROM numbered
 ORDER BY id;

INSERT INTO dossiers.history (dossier_id, at, action, actor, actor_name, task, status_before, status_after, internal)
SELECT id, at + step.after, step.action, 'system:bench', 'Hệ thống', step.task, step.before, step.now, false
  FROM numbered
  CROSS JOIN (VALUES (interval '0', 'submitted', NULL, NULL::int, 1), (interval '1 hour', 'received', 'receive', 1, 2),
                     (interval '2 days', 'issued', 'approve', 4, 9), (interval '5 days', 'handed_over', 'hand_over', 9, 10))
       AS step (after, action, task, before, now)
 WHERE NOT open OR step.action = 'submitted'
 ORDER BY id, step.after;

INSERT INTO dossiers.work (task_id, dossier_id, agency_id, role, node, ready, task_due_at, due_at, order_at, created_at, code, app,
    procedure_code, title, owner_name, status)
SELECT numbered.task, dossier.id, numbered.agency,
    CASE dossier.status WHEN 1 THEN 'clerk' WHEN 9 THEN 'clerk' WHEN 2 THEN 'specialist' WHEN 4 THEN 'leader' ELSE 'specialist' END,
    CASE dossier.status WHEN 1 THEN 'receive' WHEN 9 THEN 'hand_over' WHEN 4 THEN 'approve' ELSE 'check' END,
    dossier.status <> 5, dossier.submitted_at + interval '4 hours', dossier.due_at,
    least(dossier.submitted_at + interval '4 hours', dossier.due_at), dossier.submitted_at,
    dossier.code, dossier.app, dossier.procedure_code, dossier.title, dossier.owner_name, dossier.status
FROM numbered JOIN dossiers.dossier ON dossier.id = numbered.id
WHERE numbered.open;

-- The series go on after these.
INSERT INTO dossiers.number_series (agency_id, series, period, last)
SELECT agency, 'dossier', day, max(number) FROM numbered GROUP BY agency, day
ON CONFLICT (agency_id, series, period) DO UPDATE SET last = greatest(number_series.last, excluded.last);

DO $$ DECLARE wanted text; BEGIN
    FOR wanted IN SELECT made_by FROM later LOOP EXECUTE wanted; END LOOP;
END $$;
