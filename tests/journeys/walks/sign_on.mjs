// Signing in once: applications that others have written sign people of the town in. openid-client (npm), Authlib (Python) and
// mod_auth_openidc (Apache) know nothing of us but the address of the provider.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import * as client from 'openid-client';
import { program } from '../town.mjs';
import { Asker, sql, trailHolds } from '../api.mjs';
import { desk, phone, plain, says } from '../browse.mjs';

// shows: R038 R040 R310
export const walks = [
  { name: 'openid-client', what: 'an application in JavaScript: consent, tokens, refresh, a stolen token, sign-out told to it', walk: javascript },
  { name: 'keys', what: 'an application in JavaScript shows who it is by RSA keys at an address of its own, and is told by ES256', walk: keysElsewhere },
  { name: 'authlib', what: 'an application in Python signs an official in, and a program of its own gets tokens', walk: python },
  { name: 'apache', what: 'a web server guards its pages with the accounts of the town', walk: apache },
  { name: 'admin', what: 'an administrator registers, changes and switches off an application; people find it among theirs', walk: admin },
  { name: 'wrong', what: 'links that lead nowhere good: a page says so and nobody is sent away', walk: wrong },
];

const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
const insecure = { execute: [client.allowInsecureRequests] };

/** Registers an application as an operator does, beside the program that serves. */
function add(town, ...options) {
  return JSON.parse(execFileSync(program, ['oidc', 'client', 'add', '--data', town.data, '--json', ...options], { encoding: 'utf8' }));
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** An application's own server: keeps what browsers and the provider bring. */
async function listen() {
  const brought = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', chunk => { body += chunk; });
    request.on('end', () => {
      brought.push({ method: request.method, url: request.url, body });
      response.end('<!doctype html><html lang="vi"><meta charset="utf-8"><title>Ứng dụng</title><link rel="icon" href="data:,"><p>Đã về ứng dụng</p>');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${server.address().port}`;
  const last = async test => {
    for (let tries = 0; tries < 200; tries++) {
      const found = brought.find(test);
      if (found) return found;
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    assert.fail(`nobody came: ${JSON.stringify(brought)}`);
  };
  return { address, brought, last, stop: () => server.close() };
}

async function javascript({ town, browsers }) {
  const app = await listen();
  const registered = add(town, '--name', 'Sổ tay công dân', '--redirect-uri', `${app.address}/cb`, '--post-logout-redirect-uri', `${app.address}/bye`,
    '--backchannel-logout-uri', `${app.address}/over`, '--scope', 'openid profile email', '--description', 'Ghi chép riêng của bạn.');
  // It says nothing else, so what it is told is signed as OpenID Connect has it where nothing is said; the library takes no other algorithm.
  assert.equal(registered.id_token_signed_response_alg, 'RS256');
  const known = { client_secret: registered.client_secret, id_token_signed_response_alg: 'RS256' };
  const config = await client.discovery(new URL(town.address), registered.client_id, known, undefined, insecure);
  assert.equal(config.serverMetadata().issuer, town.address);
  assert.deepEqual([...config.serverMetadata().id_token_signing_alg_values_supported].sort(), ['ES256', 'RS256']);
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const asked = { redirect_uri: `${app.address}/cb`, scope: 'openid profile email', code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', state, nonce };
  const link = client.buildAuthorizationUrl(config, asked).href;
  // Nobody is signed in: name and password first, on a phone without scripts, then the question.
  const page = await browsers.page(plain(phone));
  await page.goto(link);
  await browsers.giveCredentials(page, town.account('congdan'));
  await page.getByRole('button', { name: 'Đồng ý', exact: true }).waitFor();
  await says(page, 'Sổ tay công dân xin thông tin của bạn', 'Ghi chép riêng của bạn.', 'Họ tên, ngày sinh, giới tính', 'Địa chỉ thư điện tử', 'http://127.0.0.1');
  await browsers.examine(page, 'sign-on-consent');
  await press(page, 'Không đồng ý');
  await page.waitForURL(/\/cb\?/);
  assert.equal(new URL(page.url()).searchParams.get('error'), 'access_denied');
  await page.goto(link);
  await press(page, 'Đồng ý');
  await page.waitForURL(/\/cb\?code=/);
  const tokens = await client.authorizationCodeGrant(config, new URL(page.url()), { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true });
  const claims = tokens.claims();
  assert.equal(head(tokens.id_token).alg, 'RS256');
  const about = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.match(about.name, /\p{L}+ \p{L}+/u);
  const seen = await client.tokenIntrospection(config, tokens.access_token);
  assert.ok(seen.active && seen.client_id === registered.client_id);
  // With scripts, and signed in already: straight back.
  const once_more = await browsers.page(phone, await page.context().storageState());
  await once_more.goto(link);
  await once_more.waitForURL(/\/cb\?code=/);
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
  // The person sees the application and who has read what.
  const own = await browsers.page(desk, await page.context().storageState());
  await own.goto('/tai-khoan/ung-dung');
  await says(own, 'Sổ tay công dân', 'Họ tên, ngày sinh, giới tính');
  await browsers.examine(own, 'sign-on-consents');
  await own.goto('/tai-khoan/ai-da-xem');
  await says(own, 'Sổ tay công dân');
  // The application signs its person out: at the provider too, and others would hear it.
  await page.goto(client.buildEndSessionUrl(config, { post_logout_redirect_uri: `${app.address}/bye`, id_token_hint: tokens.id_token, state: 'x' }).href);
  await page.waitForURL(/\/bye\?state=x/);
  // Both its sign-ins of this session are told; this is the one.
  const said = one => JSON.parse(Buffer.from(new URLSearchParams(one.body).get('logout_token').split('.')[1], 'base64url'));
  const told = await app.last(one => one.method === 'POST' && one.url === '/over' && said(one).sid === claims.sid);
  assert.equal(said(told).sub, claims.sub);
  assert.equal(head(new URLSearchParams(told.body).get('logout_token')).alg, 'RS256');
  await assert.rejects(client.fetchUserInfo(config, refreshed.access_token, claims.sub));
  await assert.rejects(client.refreshTokenGrant(config, refreshed.refresh_token), error => error.error === 'invalid_grant');
  await page.goto('/tai-khoan');
  assert.equal(new URL(page.url()).pathname, '/dang-nhap');
  // Pushed requests, a key instead of a secret, and tokens bound to a key: what the strictest profile asks for.
  const keys = await client.randomDPoPKeyPair('ES256');
  const dpop = client.getDPoPHandle(config, keys);
  const pushed = await client.buildAuthorizationUrlWithPAR(config, { ...asked, state: client.randomState() });
  const signed = await browsers.as('congdan', phone);
  await signed.goto(pushed.href);
  await signed.waitForURL(/\/cb\?code=/);
  const bound = await client.authorizationCodeGrant(config, new URL(signed.url()), { pkceCodeVerifier: verifier, expectedState: new URL(signed.url()).searchParams.get('state'), expectedNonce: nonce }, undefined, { DPoP: dpop });
  assert.equal(bound.token_type, 'dpop');
  await client.fetchUserInfo(config, bound.access_token, bound.claims().sub, { DPoP: dpop });
  await assert.rejects(client.fetchUserInfo(config, bound.access_token, bound.claims().sub));
  await client.tokenRevocation(config, bound.refresh_token);
  await assert.rejects(client.fetchUserInfo(config, bound.access_token, bound.claims().sub, { DPoP: dpop }));
  // Taking the consent back ends it, and the application has to ask anew.
  await own.close();
  const again = await browsers.as('congdan', desk);
  await again.goto('/tai-khoan/ung-dung');
  await press(again, 'Rút lại đồng ý cho Sổ tay công dân');
  await says(again, 'Đã rút lại', 'Bạn chưa đồng ý cho ứng dụng nào');
  await signed.goto(link);
  await says(signed, 'Sổ tay công dân xin thông tin của bạn');
  app.stop();
  trailHolds(town);
}

/** The head of a token. */
const head = token => JSON.parse(Buffer.from(token.split('.')[0], 'base64url'));

async function keysElsewhere({ town, browsers }) {
  const makes = name => crypto.subtle.generateKey({ name, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }, true, ['sign', 'verify']);
  const [pkcs1, pss, stranger] = await Promise.all([makes('RSASSA-PKCS1-v1_5'), makes('RSA-PSS'), makes('RSA-PSS')]);
  const shown = async (pair, kid) => ({ ...await crypto.subtle.exportKey('jwk', pair.publicKey), kid, use: 'sig' });
  const set = { keys: [await shown(pkcs1, 'k1'), await shown(pss, 'k2')] };
  let asked = 0;
  const server = http.createServer((request, response) => {
    asked += 1;
    response.setHeader('Content-Type', 'application/jwk-set+json');
    response.end(JSON.stringify(set));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const app = await listen();
  const registered = add(town, '--name', 'Kho hồ sơ', '--redirect-uri', `${app.address}/cb`, '--trusted', '--scope', 'openid kho.doc', '--auth', 'private_key',
    '--jwks-uri', `http://127.0.0.1:${server.address().port}/jwks`, '--id-token-signed-response-alg', 'ES256');
  assert.ok(!registered.client_secret && registered.jwks === null);
  const with_key = (pair, kid) => client.discovery(new URL(town.address), registered.client_id, { id_token_signed_response_alg: 'ES256' }, client.PrivateKeyJwt({ key: pair.privateKey, kid }), insecure);
  for (const [pair, kid] of [[pkcs1, 'k1'], [pss, 'k2']]) {
    const own = await client.clientCredentialsGrant(await with_key(pair, kid), { scope: 'kho.doc' });
    assert.equal(own.scope, 'kho.doc');
  }
  for (const kid of ['k2', 'k3']) {
    await assert.rejects(client.clientCredentialsGrant(await with_key(stranger, kid), {}), error => error.status === 401, kid);
  }
  assert.equal(asked, 1);
  const config = await with_key(pss, 'k2');
  const verifier = client.randomPKCECodeVerifier();
  const link = client.buildAuthorizationUrl(config, { redirect_uri: `${app.address}/cb`, scope: 'openid', code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
  const page = await browsers.as('congdan', phone);
  await page.goto(link.href);
  await page.waitForURL(/\/cb\?code=/);
  const tokens = await client.authorizationCodeGrant(config, new URL(page.url()), { pkceCodeVerifier: verifier, idTokenExpected: true });
  assert.equal(head(tokens.id_token).alg, 'ES256');
  server.close();
  app.stop();
}

const authlib = `
import json, sys
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, JsonWebToken
import requests
settings = json.load(sys.stdin)
meta = requests.get(settings['issuer'] + '/.well-known/openid-configuration').json()
session = OAuth2Session(settings['id'], settings['secret'], scope='openid profile position', redirect_uri=settings['back'], code_challenge_method='S256')
if settings['step'] == 'link':
    link, state = session.create_authorization_url(meta['authorization_endpoint'], code_verifier=settings['verifier'], nonce='n-1')
    print(json.dumps({'link': link}))
else:
    token = session.fetch_token(meta['token_endpoint'], authorization_response=settings['answer'], code_verifier=settings['verifier'])
    keys = JsonWebKey.import_key_set(requests.get(meta['jwks_uri']).json())
    claims = JsonWebToken(['RS256']).decode(token['id_token'], keys, claims_options={'iss': {'essential': True, 'value': settings['issuer']}, 'aud': {'essential': True, 'value': settings['id']}})
    claims.validate()
    about = session.get(meta['userinfo_endpoint']).json()
    refreshed = session.refresh_token(meta['token_endpoint'])
    machine = OAuth2Session(settings['id'], settings['secret'])
    own = machine.fetch_token(meta['token_endpoint'], grant_type='client_credentials', scope='kho.doc')
    session.revoke_token(meta['revocation_endpoint'], token=refreshed['refresh_token'], token_type_hint='refresh_token')
    after = session.get(meta['userinfo_endpoint']).status_code
    print(json.dumps({'claims': claims, 'about': about, 'own': own['scope'], 'after': after}))
`;

async function python({ town, browsers }) {
  const app = await listen();
  const registered = add(town, '--name', 'Thống kê nội bộ', '--redirect-uri', `${app.address}/cb`, '--scope', 'openid profile position kho.doc', '--trusted', '--for', 'officials');
  const settings = { issuer: town.address, id: registered.client_id, secret: registered.client_secret, back: `${app.address}/cb`, verifier: 'x'.repeat(64) };
  const run = more => JSON.parse(execFileSync('/usr/bin/python3', ['-c', authlib], { input: JSON.stringify({ ...settings, ...more }), encoding: 'utf8', env: { ...process.env, AUTHLIB_INSECURE_TRANSPORT: '1' } }));
  const { link } = run({ step: 'link' });
  // It is for officials: a citizen is told so, and is not sent away.
  const citizen = await browsers.as('congdan', phone);
  await citizen.goto(link);
  await says(citizen, 'Ứng dụng này chỉ dành cho cán bộ');
  const page = await browsers.as('motcua.ngabay', desk);
  await page.goto(link);
  await page.waitForURL(/\/cb\?code=/);
  const { claims, about, own, after } = run({ step: 'tokens', answer: page.url() });
  assert.equal(claims.nonce, 'n-1');
  assert.equal(about.sub, claims.sub);
  assert.match(about.agency.code, /^H30/);
  assert.ok(about.roles.includes('clerk'), JSON.stringify(about));
  assert.equal(own, 'kho.doc');
  assert.equal(after, 401);
  app.stop();
}

async function apache({ town, browsers }) {
  const port = await freePort();
  const place = `http://127.0.0.1:${port}`;
  const registered = add(town, '--name', 'Trang nội bộ', '--redirect-uri', `${place}/kin/ve`, '--trusted');
  const home = fs.mkdtempSync(path.join(town.home, 'apache-'));
  fs.mkdirSync(path.join(home, 'htdocs/kin'), { recursive: true });
  fs.chmodSync(home, 0o755);
  fs.writeFileSync(path.join(home, 'htdocs/kin/index.html'), '<!doctype html><html lang="vi"><meta charset="utf-8"><title>Kín</title><link rel="icon" href="data:,"><h1>Trang kín</h1>');
  const modules = '/usr/lib/apache2/modules';
  const load = name => `LoadModule ${name}_module ${modules}/mod_${name}.so`;
  fs.writeFileSync(path.join(home, 'httpd.conf'), `
ServerRoot ${home}
Listen 127.0.0.1:${port}
ServerName 127.0.0.1
PidFile ${home}/pid
ErrorLog ${home}/error.log
${process.getuid() === 0 ? 'User www-data\nGroup www-data' : ''}
${['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'dir', 'mime', 'headers', 'auth_openidc'].map(load).join('\n')}
TypesConfig /etc/mime.types
DocumentRoot ${home}/htdocs
DirectoryIndex index.html
OIDCProviderMetadataURL ${town.address}/.well-known/openid-configuration
OIDCSSLValidateServer Off
OIDCClientID ${registered.client_id}
OIDCClientSecret ${registered.client_secret}
OIDCRedirectURI ${place}/kin/ve
OIDCCryptoPassphrase mot-cau-dai-cua-rieng-may-nay
OIDCScope "openid profile"
OIDCPKCEMethod S256
OIDCIDTokenSignedResponseAlg RS256
OIDCRemoteUserClaim name
<Location /kin/>
  AuthType openid-connect
  Require valid-user
  Header set X-Ai "%{OIDC_CLAIM_name}e"
</Location>
`.trim());
  const server = spawn('/usr/sbin/apache2', ['-f', path.join(home, 'httpd.conf'), '-D', 'FOREGROUND'], { stdio: 'ignore' });
  const gone = once(server, 'exit');
  try {
    for (let tries = 0; tries < 100; tries++) {
      if (await fetch(place).then(() => true, () => false)) break;
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    const page = await browsers.page(phone);
    await page.goto(`${place}/kin/`);
    assert.ok(page.url().startsWith(`${town.address}/dang-nhap`), page.url());
    await browsers.giveCredentials(page, town.account('congdan'));
    await page.waitForURL(`${place}/kin/`);
    assert.equal(await page.locator('h1').innerText(), 'Trang kín');
    const second = await page.reload();
    assert.equal(second.status(), 200);
    assert.match(Buffer.from(second.headers()['x-ai'], 'latin1').toString('utf8'), /\p{L}+ \p{L}+/u);
  } catch (error) {
    const log = path.join(home, 'error.log');
    if (fs.existsSync(log)) error.message += `\n${fs.readFileSync(log, 'utf8').slice(-3000)}`;
    throw error;
  } finally {
    server.kill('SIGTERM');
    await gone;
  }
}

async function admin({ town, browsers }) {
  const page = await browsers.as('quantri.tinh', desk);
  await page.goto('/can-bo/ung-dung');
  await browsers.examine(page, 'sign-on-clients');
  await page.getByRole('link', { name: 'Đăng ký ứng dụng' }).click();
  await page.fill('[name=name]', 'x');
  await page.fill('[name=redirect_uris]', 'http://xa.example/cb');
  await press(page, 'Đăng ký');
  await says(page, 'từ 2 đến 80 ký tự', 'phải đầy đủ và bắt đầu bằng https');
  assert.equal(await page.inputValue('[name=redirect_uris]'), 'http://xa.example/cb');
  await browsers.examine(page, 'sign-on-client-mistakes');
  await page.fill('[name=name]', 'Bản đồ quy hoạch');
  await page.fill('[name=redirect_uris]', 'https://ban-do.example.vn/cb');
  await page.fill('[name=launch_uri]', 'https://ban-do.example.vn/');
  // Keys at an address of the inner network are not asked for; what was typed stays.
  await page.getByLabel('Chữ ký bằng khóa riêng').check();
  await page.fill('[name=jwks_uri]', 'https://10.0.0.8/jwks');
  assert.ok(await page.getByLabel('RS256: ứng dụng nào cũng đọc được').isChecked());
  await page.getByLabel('ES256: ngắn và nhanh hơn').check();
  await press(page, 'Đăng ký');
  await says(page, 'truy cập được từ Internet');
  assert.equal(await page.inputValue('[name=jwks_uri]'), 'https://10.0.0.8/jwks');
  assert.ok(await page.getByLabel('ES256: ngắn và nhanh hơn').isChecked());
  await browsers.examine(page, 'sign-on-client-keys');
  await page.getByLabel('Mã bí mật', { exact: true }).check();
  await page.fill('[name=jwks_uri]', '');
  await press(page, 'Đăng ký');
  await says(page, 'Thông tin kết nối của Bản đồ quy hoạch', 'client_secret', town.address);
  await browsers.examine(page, 'sign-on-registered');
  const words = await page.locator('main').innerText();
  const [, id] = words.match(/client_id\s+(\S+)/);
  const [, secret] = words.match(/client_secret\s+(\S+)/);
  const token = async word => (await fetch(`${town.address}/openid/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: word }) })).status;
  assert.equal(await token(secret), 200);
  await page.getByRole('link', { name: 'Tôi đã chép xong' }).click();
  // People find it among theirs.
  const own = await browsers.as('congdan', phone);
  await own.goto('/ung-dung');
  await says(own, 'Ứng dụng của tôi', 'Bản đồ quy hoạch');
  assert.equal(await own.getByRole('link', { name: 'Bản đồ quy hoạch' }).getAttribute('href'), 'https://ban-do.example.vn/');
  await browsers.examine(own, 'sign-on-apps');
  assert.equal((await own.goto('/can-bo/ung-dung')).status(), 403);
  await page.getByRole('link', { name: 'Bản đồ quy hoạch' }).click();
  await browsers.examine(page, 'sign-on-client');
  await press(page, 'Cấp mã bí mật mới');
  const renewed = (await page.locator('main').innerText()).match(/client_secret\s+(\S+)/)[1];
  assert.equal(await token(secret), 401);
  assert.equal(await token(renewed), 200);
  await page.goto(`/can-bo/ung-dung/${id}`);
  await page.uncheck('[name=enabled]');
  await press(page, 'Lưu');
  await says(page, 'Đã lưu ứng dụng', 'Đã tắt');
  assert.equal(await token(renewed), 401);
  await own.goto('/ung-dung');
  assert.doesNotMatch(await own.locator('main').innerText(), /Bản đồ quy hoạch/);
  // The same by the interface for programs.
  const asker = await Asker.of(town, 'quantri.tinh');
  const { items } = await asker.done('GET', '/api/v1/oidc/clients');
  assert.ok(items.some(one => one.client_id === id && !one.enabled && !('client_secret' in one) && one.id_token_signed_response_alg === 'ES256'));
  assert.equal(sql(town, "SELECT count(*) FROM op.audit_entry WHERE action = 'openid.secret_renewed'")[0][0], '1');
}

async function wrong({ town, browsers }) {
  const app = await listen();
  const { client_id } = add(town, '--redirect-uri', `${app.address}/cb`);
  const link = more => `/openid/authorize?${new URLSearchParams({ client_id, response_type: 'code', scope: 'openid', redirect_uri: `${app.address}/cb`, ...more })}`;
  const page = await browsers.as('congdan', phone);
  for (const [address, text] of [
    [link({ redirect_uri: 'https://evil.example/cb' }), 'địa chỉ chưa đăng ký'],
    [link({ client_id: 'khong-co-00000000' }), 'không thuộc ứng dụng nào'],
    [`${link({})}&client_id=x`, 'Yêu cầu sai ở tham số client_id'],
    ['/openid/logout?post_logout_redirect_uri=https%3A%2F%2Fevil.example', 'địa chỉ chưa đăng ký'],
  ]) {
    const answer = await page.goto(address);
    assert.ok(answer.status() >= 400 && answer.status() < 500, `${address}: ${answer.status()}`);
    await says(page, text);
  }
  await browsers.examine(page, 'sign-on-wrong-place');
  // Somebody else's page cannot sign people out, nor agree in their name: the question is asked, and a form from elsewhere is refused.
  await page.goto('/openid/logout');
  await says(page, 'Bạn muốn đăng xuất?');
  await browsers.examine(page, 'sign-on-logout');
  const forged = await page.request.post('/openid/dong-y', { form: { yeu_cau: link({}).split('?')[1], tra_loi: 'dong_y' }, maxRedirects: 0 });
  assert.equal(forged.status(), 403);
  // The question is asked in a page that no other page can show in a frame.
  const asked = await page.goto(link({}));
  assert.match(asked.headers()['content-security-policy'], /frame-ancestors 'none'/);
  // In two tabs: whoever agrees in both comes to the application from both, and is asked no more.
  const tab = await page.context().newPage();
  tab.complaints = [];
  await tab.goto(link({}));
  for (const one of [page, tab]) {
    await press(one, 'Đồng ý');
    await one.waitForURL(/\/cb\?code=/);
  }
  await tab.goto(link({}));
  await tab.waitForURL(/\/cb\?code=/);
  app.stop();
}
