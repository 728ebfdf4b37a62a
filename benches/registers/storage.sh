#!/usr/bin/env bash
# How a register could keep its records: a real column for each field beside one jsonb column with expression indexes. A private cluster in a temporary
# directory, RECORDS invented records of twelve fields. Figures and what came of them: docs/decisions/2026-11-30-registers-in-real-columns.md.
set -euo pipefail
records=${RECORDS:-1000000} clients=${CLIENTS:-8} seconds=${SECONDS_EACH:-4}
programs=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
home=$(mktemp -d)
chmod 755 "$home"
as=()
if [ "$(id -u)" = 0 ]; then
  chown postgres "$home"
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi
"${as[@]}" "$programs/initdb" -D "$home/pg" -U bench -A trust --locale=C.UTF-8 -E UTF8 >"$home/init.log"
"${as[@]}" "$programs/pg_ctl" -D "$home/pg" -w -l "$home/pg/server.log" -o "-k $home -c listen_addresses= -c shared_buffers=1GB \
  -c maintenance_work_mem=256MB -c max_wal_size=4GB -c jit=off" start >/dev/null
trap '"${as[@]}" "$programs/pg_ctl" -D "$home/pg" -m fast stop >/dev/null; rm -rf "$home"' EXIT
ask() { psql -h "$home" -U bench -d postgres -qAt -v ON_ERROR_STOP=1 -c "$1"; }
timed() {
  local began
  began=$(date +%s.%N)
  ask "$2" >/dev/null
  printf '%-72s %6.1f s\n' "$1" "$(echo "$(date +%s.%N) - $began" | bc)"
}
copied() { timed "$1" "\\copy $2 FROM '$home/$3.csv' CSV"; }

ask 'CREATE EXTENSION pg_trgm'
ask "CREATE FUNCTION folded(text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql
  AS \$\$ SELECT lower(replace(replace(regexp_replace(normalize(\$1, NFD), U&'[\\0300-\\036F]', '', 'g'), 'Đ', 'd'), 'đ', 'd')) \$\$"
ask 'CREATE FUNCTION numbered(bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
  AS $$ SELECT (lpad(to_hex($1), 12, $q$0$q$) || $q$7000800000000000$q$ || lpad(to_hex($1 % 65536), 4, $q$0$q$))::uuid $$'
ask "SELECT setseed(0.5); CREATE TABLE source AS SELECT
  'GP-' || lpad(n::text, 8, '0') AS code,
  (ARRAY['Nguyễn','Trần','Lê','Phạm','Huỳnh','Võ','Đặng','Bùi','Danh','Thạch'])[1 + floor(random() * 10)] || ' ' ||
  (ARRAY['Văn','Thị','Hữu','Minh','Ngọc','Thanh','Kim'])[1 + floor(random() * 7)] || ' ' ||
  (ARRAY['An','Bình','Châu','Dũng','Giang','Hà','Hương','Lan','Mai','Nam','Phúc','Sen','Tâm','Thảo','Út','Yến'])[1 + floor(random() * 16)] AS name,
  'Hộ kinh doanh ' || md5(n::text) AS title, (31300 + floor(random() * 75))::text AS ward,
  (ARRAY['open','paused','ended'])[1 + floor(power(random(), 3) * 3)] AS state, date '2000-01-01' + floor(random() * 9000)::int AS issued,
  date '2025-01-01' + floor(random() * 3000)::int AS ends, floor(random() * 5000)::bigint * 1000000 AS capital,
  round((random() * 500)::numeric, 2) AS area, random() < 0.3 AS food, (1 + floor(random() * 40))::int AS workers,
  'Ghi chú ' || floor(random() * 1000) AS note
  FROM generate_series(1, $records) AS n"
fields='code, name, title, ward, state, issued, ends, capital, area, food, workers, note'
# What a program would send: numbered rows with the folded text made outside.
ask "\\copy source TO '$home/source.csv' CSV"
ask "\\copy (SELECT numbered(row_number() OVER ()), now(), folded(name || ' ' || title), source.* FROM source) TO '$home/columns.csv' CSV"
ask "\\copy (SELECT gen_random_uuid(), now(), folded(name || ' ' || title), source.* FROM source) TO '$home/random.csv' CSV"
ask "\\copy (SELECT numbered(row_number() OVER ()), now(), folded(name || ' ' || title), code, row_to_json(source) FROM source) TO '$home/json.csv' CSV"

own="code text NOT NULL, name text NOT NULL, title text NOT NULL, ward text NOT NULL, state text NOT NULL, issued date NOT NULL, ends date,
  capital bigint, area numeric, food boolean, workers int, note text"
made() { ask "SET client_min_messages = warning; DROP TABLE IF EXISTS $1; CREATE TABLE $1 (id uuid PRIMARY KEY, recorded_at timestamptz NOT NULL, folded text NOT NULL, $2); CREATE UNIQUE INDEX ON $1 (code)"; }
ask 'CREATE TABLE plain (LIKE source)'
copied 'peer: the file by COPY, no index' plain source
made columns "$own"; copied 'columns, keys, random identifiers' "columns" random
made columns "$own"; copied 'columns, keys, identifiers in order' "columns" columns
made json 'code text NOT NULL, data jsonb NOT NULL'; copied 'jsonb, keys, identifiers in order' json json
timed 'columns: seven search indexes made afterwards' "$(for one in name ward state issued ends capital area; do echo "CREATE INDEX ON columns ($one, id);"; done)"
timed 'jsonb: the same seven' "$(for one in name ward state issued ends; do echo "CREATE INDEX ON json ((data->>'$one'), id);"; done
  for one in capital area; do echo "CREATE INDEX ON json (((data->>'$one')::numeric), id);"; done)"
timed 'columns: text, trigrams, made afterwards' 'CREATE INDEX by_trigram ON columns USING gin (folded gin_trgm_ops)'
timed 'columns: text, words, made afterwards' "CREATE INDEX by_word ON columns USING gin (to_tsvector('simple', folded))"
timed 'jsonb: text, trigrams, made afterwards' 'CREATE INDEX ON json USING gin (folded gin_trgm_ops)'
ask 'VACUUM ANALYZE'
ask "SELECT relname || ': ' || pg_size_pretty(pg_table_size(oid)) || ', indexes ' || pg_size_pretty(pg_indexes_size(oid)) FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relname IN ('plain', 'columns', 'json') ORDER BY 1"
ask "SELECT relname || ': ' || pg_size_pretty(pg_relation_size(oid)) FROM pg_class WHERE relname IN ('by_trigram', 'by_word')"
ask 'CREATE TABLE again (LIKE columns INCLUDING DEFAULTS); ALTER TABLE again ADD PRIMARY KEY (id); CREATE UNIQUE INDEX ON again (code)'
ask "$(for one in name ward state issued ends capital area; do echo "CREATE INDEX ON again ($one, id);"; done)"
copied 'columns, keys and the seven search indexes present' again columns
ask "TRUNCATE again; CREATE INDEX ON again USING gin (to_tsvector('simple', folded))"
copied 'the same with the words' again columns
ask 'DROP TABLE again'

load() {
  echo "$2" >"$home/question.sql"
  (cd "$home/pg" && "${as[@]}" "$programs/pgbench" -h "$home" -U bench -n -M prepared -f "$home/question.sql" -c "$clients" -j 2 -T "$seconds" \
    -l --log-prefix "$home/pg/asked" postgres >"$home/pg/pgbench.log")
  cat "$home"/pg/asked* | awk '{ print $3 }' | sort -n | awk -v what="$1" -v time="$seconds" \
    '{ all[NR] = $1 } END { printf "%-56s %8.0f/s  p50 %8.1f ms  p99 %8.1f ms\n", what, NR / time, all[int(NR / 2) + 1] / 1000, all[int(NR * 0.99) + 1] / 1000 }'
  rm -f "$home"/pg/asked*
}
while IFS='|' read -r kind ward state issued capital type; do
  load "$kind: a ward, the newest first" "\\set ward random(31300, 31374)
SELECT * FROM $kind WHERE $ward = :ward::text ORDER BY $issued DESC, id DESC LIMIT 26;"
  load "$kind: a ward and a state, by capital" "\\set ward random(31300, 31374)
SELECT * FROM $kind WHERE $ward = :ward::text AND $state = 'open' ORDER BY $capital DESC, id DESC LIMIT 26;"
  load "$kind: by capital, a page anywhere" "\\set capital random(1, 5000)
SELECT * FROM $kind WHERE ($capital, id) < (:capital::$type * 1000000, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid) ORDER BY $capital DESC, id DESC LIMIT 26;"
  load "$kind: three words by trigrams" "SELECT * FROM $kind WHERE folded LIKE '%danh thi sen%' ORDER BY id LIMIT 26;"
  load "$kind: counted by ward and state" "SELECT $ward, $state, count(*) FROM $kind GROUP BY 1, 2;"
done <<'COLUMNS'
columns|ward|state|issued|capital|bigint
json|(data->>'ward')|(data->>'state')|(data->>'issued')|((data->>'capital')::numeric)|numeric
COLUMNS
load 'columns: three words by words' "SELECT * FROM columns WHERE to_tsvector('simple', folded) @@ to_tsquery('simple', 'danh & thi & sen') ORDER BY id LIMIT 26;"
load 'columns: one frequent word' "SELECT * FROM columns WHERE to_tsvector('simple', folded) @@ to_tsquery('simple', 'nguyen') ORDER BY id LIMIT 26;"
