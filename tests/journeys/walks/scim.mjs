// Accounts of officials looked after by another system: scim2-tester and scim2-client (Python) know nothing of us but the address.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { program } from '../town.mjs';
import { sql, trailHolds } from '../api.mjs';
import { desk, says } from '../browse.mjs';

// shows: R037
export const walks = [
  { name: 'tester', what: 'every check of scim2-tester succeeds', walk: tester },
  { name: 'personnel', what: 'a personnel system opens accounts, puts them into a group that gives an office, suspends an official and closes accounts', walk: personnel },
];

const venv = path.join(path.dirname(fileURLToPath(import.meta.url)), '../.venv/bin/python');
const ngabay = (town, ...words) => execFileSync(program, [...words.slice(0, words[0] === 'oidc' ? 3 : 2), '--data', town.data, ...words.slice(words[0] === 'oidc' ? 3 : 2)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const python = (script, settings) => JSON.parse(execFileSync(venv, ['-c', script], { input: JSON.stringify(settings), encoding: 'utf8', maxBuffer: 1 << 26 }));

/** Registers a personnel system; it may ask for tokens for itself with the scope. */
function register(town, name) {
  const { client_id: id, client_secret: secret } = JSON.parse(ngabay(town, 'oidc', 'client', 'add', '--name', name, '--grant', 'client_credentials', '--scope', 'scim', '--json'));
  return { address: town.address, id, secret };
}

const enter = `
import json, sys
import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
settings = json.load(sys.stdin)
answer = httpx2.post(settings['address'] + '/openid/token', data={'grant_type': 'client_credentials', 'scope': 'scim'}, auth=(settings['id'], settings['secret'])).json()
http = httpx2.Client(base_url=settings['address'] + '/scim/v2', headers={'Authorization': 'Bearer ' + answer['access_token']}, timeout=60)
client = SyncSCIMClient(http)
`;

async function tester({ town }) {
  const checks = python(`${enter}
from scim2_tester import check_server
checks = check_server(client)
print(json.dumps([[check.status.name, check.resource_type, check.title, check.reason] for check in checks]))
`, register(town, 'Kiểm tra SCIM'));
  assert.deepEqual(checks.filter(([status]) => status !== 'SUCCESS'), []);
  for (const part of ['User', 'Group']) {
    for (const check of ['object_creation', 'object_replacement', 'object_deletion', 'search_with_attributes', 'check_add_attribute', 'check_remove_attribute', 'check_replace_attribute']) {
      assert.ok(checks.some(([, kind, title]) => kind === part && title === check), `${check} of ${part}`);
    }
  }
  assert.ok(checks.length >= 90, `${checks.length} checks`);
}

async function personnel({ town, browsers }) {
  const settings = register(town, 'Nhân sự tỉnh');
  const { lan, group, found } = python(`${enter}
client.discover()
User, Group = client.get_resource_model('User'), client.get_resource_model('Group')
lan = client.create(User(user_name='lan.personnel', name={'family_name': 'Lê', 'middle_name': 'Thị', 'given_name': 'Lan'}, emails=[{'value': 'lan@example.vn', 'primary': True}]))
group = client.create(Group(display_name='Văn phòng', members=[{'value': lan.id}]))
found = client.query(User, query_parameters={'filter': 'name.familyName eq "lê"', 'attributes': ['userName']})
print(json.dumps({'lan': lan.id, 'group': group.id, 'found': [one.user_name for one in found.resources]}))
`, settings);
  assert.deepEqual(found, ['lan.personnel']);
  const holds = () => sql(town, `SELECT position.code FROM identity.account JOIN identity.holding USING (person) JOIN identity.position ON position.id = holding.position WHERE account.id = '${lan}' AND (holding.valid_to IS NULL OR holding.valid_to >= current_date)`).flat();
  assert.deepEqual(holds(), []);
  // Which office the group gives is said at the console of the platform and nowhere else; an administrator's is given by none.
  const office = role => sql(town, `SELECT code.code, position.code FROM identity.position JOIN identity.agency_code AS code USING (agency) WHERE '${role}' = ANY (position.roles) AND position.valid_to IS NULL AND code.valid_to IS NULL ORDER BY 1, 2 LIMIT 1`)[0];
  const map = ([agency, position]) => ngabay(town, 'scim', 'map', group, '--agency', agency, '--position', position);
  assert.throws(() => map(office('admin')), /quản trị viên/);
  const clerk = office('clerk');
  map(clerk);
  assert.deepEqual(holds(), [clerk[1]]);
  const listed = JSON.parse(ngabay(town, 'scim', 'groups', '--json')).find(one => one.id === group);
  assert.equal(listed.members, 1);
  assert.ok(listed.position);
  // An official of the town is handed over. Suspended there, they are out of the pages here with the next click.
  const official = 'taichinh.tpngabay';
  const account = ngabay(town, 'scim', 'hand-over', '--client', settings.id, '--login', official).trim();
  assert.throws(() => ngabay(town, 'scim', 'hand-over', '--client', settings.id, '--login', 'quantri.tinh'), /quản trị viên/);
  assert.throws(() => ngabay(town, 'scim', 'hand-over', '--client', settings.id, '--login', 'congdan'), /vị trí/);
  const page = await browsers.as(official, desk);
  assert.equal((await page.goto('/can-bo')).status(), 200);
  const active = truth => python(`${enter}
client.discover()
User = client.get_resource_model('User')
answer = http.patch('/Users/' + settings['account'], json={'schemas': ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], 'Operations': [{'op': 'replace', 'path': 'active', 'value': settings['active']}]}, headers={'If-Match': client.query(User, settings['account']).meta.version})
print(json.dumps(answer.json()))
`, { ...settings, account, active: truth });
  assert.equal(active(false).active, false);
  await page.goto('/can-bo');
  assert.ok(page.url().includes('/dang-nhap'), page.url());
  await browsers.giveCredentials(page, town.account(official));
  await says(page, 'đang tạm khóa');
  assert.equal(active(true).active, true);
  await browsers.giveCredentials(page, town.account(official));
  await page.waitForURL(url => url.pathname !== '/dang-nhap');
  browsers.forget(official);
  // They see who has done it.
  await page.goto('/tai-khoan/ai-da-xem');
  await says(page, 'Ứng dụng thay đổi tài khoản của bạn', 'SCIM Nhân sự tỉnh');
  // Whoever gets another login is told so.
  const renamed = python(`${enter}
client.discover()
User = client.get_resource_model('User')
lan = client.query(User, settings['lan'])
lan.user_name = 'lan.moi'
print(json.dumps(client.replace(lan).user_name))
`, { ...settings, lan });
  assert.equal(renamed, 'lan.moi');
  assert.deepEqual(sql(town, `SELECT count(*) FROM notify.message WHERE account = '${lan}' AND kind = 'login_changed'`), [['1']]);
  const gone = python(`${enter}
client.discover()
User = client.get_resource_model('User')
client.delete(User, settings['lan'])
print(json.dumps([http.get('/Users/' + settings['lan']).status_code, http.post('/Users', json={'schemas': ['urn:ietf:params:scim:schemas:core:2.0:User'], 'userName': 'LAN.moi'}).json()['scimType']]))
`, { ...settings, lan });
  assert.deepEqual(gone, [404, 'uniqueness']);
  assert.deepEqual(holds(), []);
  trailHolds(town);
}
