// Programs that come with a certificate (RFC 8705): a gateway ends the encrypted connections in front of the platform and says which certificate
// came. openid-client knows nothing of us but the address of the provider.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import * as client from 'openid-client';
import { Town, program } from '../town.mjs';

// shows: R038
export const walks = [
  { name: 'program', what: 'a program gets tokens by the certificate of its connection, and nobody else uses them', walk: certificate },
];

/** A key and a certificate that it has signed itself. */
function identity(folder, name) {
  const [key, cert] = ['key', 'pem'].map(end => path.join(folder, `${name}.${end}`));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key: fs.readFileSync(key), cert: fs.readFileSync(cert), file: cert };
}

/** Ends encrypted connections, asks for certificates without looking who has issued them, and says which one came. */
async function gateway(own, inside) {
  const server = https.createServer({ key: own.key, cert: own.cert, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const headers = { ...request.headers, 'x-real-ip': '127.0.0.1' };
    delete headers['client-cert'];
    const shown = request.socket.getPeerX509Certificate();
    if (shown) headers['client-cert'] = `:${shown.raw.toString('base64')}:`;
    const target = http.request(new URL(request.url, inside()), { method: request.method, headers }, answer => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    target.on('error', () => response.writeHead(502).end());
    request.pipe(target);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: `https://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

/** `fetch` over a connection with this certificate, or with none. */
const over = (trusted, own) => async (url, { method, body, headers }) => {
  const options = { method, headers: Object.fromEntries(new Headers(headers)), ca: trusted.cert, key: own?.key, cert: own?.cert, agent: false };
  const request = https.request(url, options);
  request.end(body === undefined || body === null ? undefined : String(body));
  const [answer] = await once(request, 'response');
  const parts = [];
  for await (const part of answer) parts.push(part);
  return new Response(Buffer.concat(parts), { status: answer.statusCode, headers: answer.headers });
};

async function certificate() {
  const town = new Town();
  const [front, machine, other] = ['gateway', 'machine', 'other'].map(name => identity(town.home, name));
  const gate = await gateway(front, () => town.address);
  try {
    await town.start(['--https', '--behind-gateway', '--client-certificates', '--public-address', gate.address]);
    const add = (...options) => JSON.parse(execFileSync(program, ['oidc', 'client', 'add', '--data', town.data, '--json', ...options], { encoding: 'utf8' }));
    const { client_id: id } = add('--name', 'Máy đo', '--grant', 'client_credentials', '--scope', 'kho.doc', '--auth', 'certificate', '--certificate', machine.file);
    const come = async own => {
      const config = await client.discovery(new URL(gate.address), id, undefined, client.TlsClientAuth(), { [client.customFetch]: over(front, own) });
      config[client.customFetch] = over(front, own);
      return config;
    };
    const config = await come(machine);
    const meta = config.serverMetadata();
    assert.equal(meta.issuer, gate.address);
    assert.ok(meta.tls_client_certificate_bound_access_tokens && meta.token_endpoint_auth_methods_supported.includes('self_signed_tls_client_auth'));
    const { access_token: token } = await client.clientCredentialsGrant(config, { scope: 'kho.doc' });
    const seen = await client.tokenIntrospection(config, token);
    assert.ok(seen.active && seen.token_type === 'Bearer' && seen.cnf['x5t#S256'].length === 43, JSON.stringify(seen));
    for (const stranger of [other, undefined]) {
      await assert.rejects(client.clientCredentialsGrant(await come(stranger), {}), error => error.status === 401);
    }
    // Somebody behind the gateway says a certificate of others: the gateway drops it.
    const said = { 'client-cert': `:${fs.readFileSync(machine.file, 'utf8').replace(/-----[^-]+-----|\s/g, '')}:`, 'content-type': 'application/x-www-form-urlencoded' };
    const forged = await over(front)(meta.token_endpoint, { method: 'POST', headers: said, body: `grant_type=client_credentials&client_id=${id}` });
    assert.equal(forged.status, 401);
    // An API of the platform itself looks at the certificate too.
    const personnel = add('--name', 'Nhân sự', '--grant', 'client_credentials', '--scope', 'scim', '--auth', 'certificate', '--certificate', other.file);
    const theirs = await client.discovery(new URL(gate.address), personnel.client_id, undefined, client.TlsClientAuth(), { [client.customFetch]: over(front, other) });
    const { access_token: scim } = await client.clientCredentialsGrant(theirs, {});
    const users = own => over(front, own)(`${gate.address}/scim/v2/Users`, { method: 'GET', headers: { authorization: `Bearer ${scim}` } });
    assert.deepEqual([(await users(other)).status, (await users(machine)).status, (await users()).status], [200, 401, 401]);
  } finally {
    await town.stop();
    gate.stop();
    town.remove();
  }
}
