-- Invented people for measurements, never for a demonstration: :citizens of them with an account each, and :officials with a position besides. All have the
-- password of :like, an account of the demonstration. Written in plain, as an older program did: `ngabay keys rotate` seals them.
SET synchronous_commit = off;
SET work_mem = '256MB';
SET maintenance_work_mem = '512MB';
-- Foreign keys hold by the way the rows are made.
SET session_replication_role = replica;
SELECT setseed(0.7);

CREATE TEMP TABLE named AS
SELECT family || ' ' || middle || ' ' || given AS name, row_number() OVER () - 1 AS n,
       lower(replace(replace(regexp_replace(normalize(family || ' ' || middle || ' ' || given, NFD), U&'[\0300-\036F]', '', 'g'), 'Đ', 'd'), 'đ', 'd')) AS folded,
       lower(replace(replace(regexp_replace(normalize(given || ' ' || family || ' ' || middle, NFD), U&'[\0300-\036F]', '', 'g'), 'Đ', 'd'), 'đ', 'd')) AS key
  FROM unnest(ARRAY['Nguyễn','Trần','Lê','Phạm','Huỳnh','Võ','Đặng','Bùi','Đỗ','Hồ','Ngô','Dương','Lý','Danh','Thạch']) AS family,
       unnest(ARRAY['Văn','Thị','Hữu','Minh','Ngọc','Thanh','Hoàng','Quốc','Kim','Diễm','Thu','Bích','Trọng','Phước','Tuấn']) AS middle,
       unnest(ARRAY['An','Anh','Bình','Châu','Cường','Dung','Dũng','Đạt','Giang','Hà','Hải','Hạnh','Hiền','Hòa','Hùng','Hương','Khánh','Lan','Linh',
                    'Long','Mai','Minh','Nam','Nga','Ngân','Nghĩa','Nhung','Phát','Phúc','Phượng','Quân','Sang','Sen','Sơn','Tâm','Tài','Thảo','Thắng',
                    'Thủy','Tiên','Toàn','Trang','Trinh','Tú','Tuyền','Vân','Vy','Xuân','Yến','Út']) AS given;

-- 999 in place of a province: no real number begins so.
CREATE TEMP TABLE made AS
SELECT gen_random_uuid() AS person, gen_random_uuid() AS account, drawn.n, named.name, named.folded, named.key,
       '999' || lpad(drawn.n::text, 9, '0') AS number, date '1940-01-01' + (drawn.n % 30000)::int AS born,
       '0999' || lpad(drawn.n::text, 6, '0') AS phone
  FROM (SELECT n, floor(random() * (SELECT count(*) FROM named))::int AS name FROM generate_series(1, :citizens + :officials) AS n) AS drawn
  JOIN named ON named.n = drawn.name;

INSERT INTO identity.person (id, full_name, name_folded, name_key, personal_number, birth_date, sex, phone, synthetic, created_at, updated_at)
SELECT person, name, folded, key, number, born, CASE n % 2 WHEN 0 THEN 'male' ELSE 'female' END, phone, true, now(), now() FROM made;
INSERT INTO identity.account (id, person, login, login_folded, password, password_changed_at, state, created_at)
SELECT account, person, login, login, (SELECT password FROM identity.account WHERE login_folded = :'like'), now(), 'active', now()
  FROM (SELECT *, CASE WHEN n > :citizens THEN 'cb.' || n ELSE number END AS login FROM made) AS one;

CREATE TEMP TABLE office AS
SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM identity.agency WHERE valid_to IS NULL;
CREATE TEMP TABLE post AS
SELECT gen_random_uuid() AS id, made.person, made.n, office.id AS agency
  FROM made JOIN office ON office.place = made.n % (SELECT count(*) FROM office) WHERE made.n > :citizens;
INSERT INTO identity.position (id, agency, code, title, roles, valid_from)
SELECT id, agency, 'cb-' || n, 'Chuyên viên', CASE n % 4 WHEN 0 THEN ARRAY['clerk'] WHEN 1 THEN ARRAY['leader'] ELSE ARRAY['specialist'] END, date '2020-01-01' FROM post;
INSERT INTO identity.holding (id, person, position, valid_from)
SELECT gen_random_uuid(), person, id, date '2020-01-01' FROM post;
ANALYZE;
