-- Invented dossiers for measurements, never for a demonstration: :wanted of them over four years, the offices of unequal size,
-- one in a hundred still open. Names are drawn from lists of common ones, so that a search by name finds many.
SET synchronous_commit = off;
SET work_mem = '256MB';
SET maintenance_work_mem = '512MB';
DO $$ BEGIN PERFORM setseed(0.7); END $$;

-- Who receives: the district named first in the demonstration has an eighth of everything, the others a twenty-fifth each, the
-- rest goes to the communes.
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
SELECT *, sum(size) OVER (ORDER BY size DESC, code) / sum(size) OVER () AS upto,
       (sum(size) OVER (ORDER BY size DESC, code) - size) / sum(size) OVER () AS beyond
  FROM sized;

CREATE TEMP TABLE made AS
WITH drawn AS (
    SELECT n, random() AS place, now() - (1 - (n::float8 / :wanted)) ^ 0.9 * interval '1460 days' - interval '1 minute' AS at,
           (ARRAY['Nguyễn','Trần','Lê','Phạm','Huỳnh','Võ','Đặng','Bùi','Đỗ','Hồ','Ngô','Dương','Lý','Danh','Thạch'])[1 + floor(15 * random() ^ 2)::int]
           || ' ' || (ARRAY['Văn','Thị','Hữu','Minh','Ngọc','Thanh','Hoàng','Quốc','Kim','Diễm'])[1 + floor(10 * random() ^ 1.5)::int]
           || ' ' || (ARRAY['An','Anh','Bình','Châu','Cường','Dung','Dũng','Đạt','Giang','Hà','Hải','Hạnh','Hiền','Hòa','Hùng','Hương',
                            'Khánh','Lan','Linh','Long','Mai','Minh','Nam','Nga','Ngân','Nghĩa','Nhung','Phát','Phúc','Phượng','Quân',
                            'Sang','Sen','Sơn','Tâm','Tài','Thảo','Thắng','Thủy','Tiên','Toàn','Trang','Trinh','Tú','Tuyền','Vân','Vy','Xuân','Yến','Út'])[1 + floor(50 * random())::int] AS owner
      FROM generate_series(1, :wanted) AS n
)
SELECT drawn.n, drawn.at, drawn.owner, office.id AS agency, office.code AS agency_code, office.name AS agency_name, office.level,
       (lpad(to_hex((extract(epoch FROM drawn.at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
        || '8' || substr(md5(n::text), 4, 15))::uuid AS id,
       -- The last days are open, and one in a thousand of the rest.
       drawn.n > :wanted * 0.991 OR drawn.n % 1000 = 7 AS open,
       gen_random_uuid() AS task
  FROM drawn
  JOIN office ON drawn.place >= office.beyond AND drawn.place < office.upto;

CREATE TEMP TABLE numbered AS
SELECT made.*,
       to_char(at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYMMDD') AS day,
       row_number() OVER (PARTITION BY agency, (at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date ORDER BY at, n) AS number
  FROM made;
ALTER TABLE numbered ADD COLUMN code text;
UPDATE numbered SET code = agency_code || '-' || day || '-' || lpad(number::text, 4, '0');
ANALYZE numbered;

INSERT INTO dossiers.dossier (id, code, definition_id, app, procedure_code, title, channel, status, version, receiving_agency,
    handling_agency, agencies, receiving_code, receiving_name, owner_person, owner_name, owner_number, phone, submitter_person,
    submitter_name, answers, search, instance_id, draft_id, submitted_at, received_at, promised_at, due_at, waiting_since,
    resume_status, finished_at, returned_at, updated_at)
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
    array_to_tsvector(ARRAY(SELECT DISTINCT word FROM unnest(
        string_to_array(lower(replace(replace(regexp_replace(normalize(owner, NFD), U&'[\0300-\036F]', '', 'g'), 'Đ', 'd'), 'đ', 'd')), ' ')
        || regexp_split_to_array(lower(made.code), '[^a-z0-9]+')
        || ARRAY[lower(made.code), lpad((n % 200000)::text, 12, '093'), '09' || lpad((n % 100000000)::text, 8, '0'), 'agency:' || agency]) AS word
        WHERE word <> '')),
    gen_random_uuid(), gen_random_uuid(), at,
    CASE WHEN status <> 1 THEN at + interval '1 hour' END,
    CASE WHEN status <> 1 THEN at + interval '3 days' END,
    CASE WHEN status <> 1 THEN at + interval '3 days' END,
    CASE WHEN status = 5 THEN at + interval '2 hours' END,
    CASE WHEN status = 5 THEN 4 END,
    CASE WHEN NOT open THEN at + interval '2 days' + (n % 17 = 0)::int * interval '2 days' WHEN status = 9 THEN at + interval '3 hours' END,
    CASE WHEN NOT open AND status = 10 THEN at + interval '5 days' END,
    at + interval '2 days'
FROM (SELECT *, CASE WHEN NOT open THEN CASE WHEN n % 40 = 0 THEN 3 ELSE 10 END
                     WHEN n % 10 = 0 THEN 5 WHEN n % 10 = 3 THEN 9 WHEN n % 3 = 0 THEN 1 WHEN n % 3 = 1 THEN 2 ELSE 4 END AS status FROM numbered) AS made
JOIN dossiers.definition ON definition.in_force AND definition.app = CASE
    WHEN level = 'district' THEN 'household-business' WHEN n % 2 = 0 THEN 'civil-extract' ELSE 'birth-registration' END
ORDER BY made.id;

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
