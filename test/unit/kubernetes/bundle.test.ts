/**
 * The Kubernetes bundle as it ships, which leaves out parts of the client's package: whether credentials of every kind, and
 * requests through a proxy, get to servers of the test's own.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createRequire } from 'node:module';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type * as kubernetes from '../../../src/kubernetes/index.ts';
import { selfSigned } from '../../support/selfSigned.ts';

const path = join(import.meta.dirname, '../../../dist/kubernetes.cjs');
const own = selfSigned({ ip: [127, 0, 0, 1] });
const client = selfSigned({ dns: 'a-user' });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Heard {
  readonly path: string;
  readonly authorization: string | undefined;
  /** Whether it came with the client's certificate. */
  readonly certificate: boolean;
}

let bundle: typeof kubernetes;
let folder: string;
let api: Server;
let proxy: Server;
let heard: Heard[] = [];
/** What the proxy was asked to connect to. */
let tunnels: string[] = [];

beforeAll(async () => {
  if (!existsSync(path)) throw new Error('There is no dist/kubernetes.cjs; "npm run build" makes it.');
  bundle = createRequire(import.meta.url)(path) as typeof kubernetes;
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-bundle-'));
  const tls = { ...own, ca: client.cert, requestCert: true, rejectUnauthorized: false };
  api = createHttpsServer(tls, (request, response) => {
    const { authorization } = request.headers;
    const certificate = request.socket instanceof TLSSocket && request.socket.authorized;
    heard.push({ path: request.url ?? '', authorization, certificate });
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"kind":"Status","reason":"NotFound"}');
  });
  proxy = createHttpServer().on('connect', (request, socket, head) => {
    tunnels.push(request.url ?? '');
    const [host, port] = (request.url ?? '').split(':');
    const through = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      through.write(head);
      through.pipe(socket).pipe(through);
    });
    socket.on('error', () => through.destroy());
    through.on('error', () => socket.destroy());
  });
  for (const server of [api, proxy]) await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterAll(async () => {
  for (const server of [api, proxy]) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  heard = [];
  tunnels = [];
});

const portOf = (server: Server): string => String((server.address() as AddressInfo).port);

/** A kubeconfig of one context; JSON is YAML, too. */
async function kubeconfig(user: object, cluster: object = {}): Promise<{ kubeconfigPath: string }> {
  const kubeconfigPath = join(folder, 'config');
  const server = `https://127.0.0.1:${portOf(api)}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': base64(own.cert), ...cluster } }],
    users: [{ name: 'me', user }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'me', namespace: 'team' } }],
  };
  await writeFile(kubeconfigPath, JSON.stringify(config));
  return { kubeconfigPath };
}

/** What the API server heard when it was asked for a namespace once. */
async function asked(user: object, cluster?: object): Promise<Heard | undefined> {
  const choice = await kubeconfig(user, cluster);
  // The server says that there is none, so that "false" is its own answer.
  expect(await bundle.namespaceExists(choice, 'team', AbortSignal.timeout(40_000))).toBe(false);
  expect(heard.map((request) => request.path)).toEqual(['/api/v1/namespaces/team']);
  return heard[0];
}

/** A credential plugin that prints this status, and notes that it ran. */
async function plugin(status: object): Promise<object> {
  const command = join(folder, 'plugin');
  const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status };
  const script = `#!/bin/sh\necho "$1 $REGION" >> '${folder}/ran'\ncat <<'end'\n${JSON.stringify(credential)}\nend\n`;
  await writeFile(command, script);
  await chmod(command, 0o700);
  const { apiVersion } = credential;
  const env = [{ name: 'REGION', value: 'north' }];
  return { exec: { apiVersion, command, args: ['get-token'], env, interactiveMode: 'Never' } };
}

test('contexts are listed without a request', async () => {
  expect(bundle.listContexts(await kubeconfig({ token: 'secret' }))).toEqual([
    { name: 'here', namespace: 'team', current: true },
  ]);
  expect(heard).toEqual([]);
});

test('a token is sent, and a server that the kubeconfig does not trust gets none', async () => {
  expect(await asked({ token: 'of-the-file' })).toMatchObject({ authorization: 'Bearer of-the-file' });
  heard = [];
  const other = { 'certificate-authority-data': base64(selfSigned({ ip: [127, 0, 0, 1] }).cert) };
  const choice = await kubeconfig({ token: 'of-the-file' }, other);
  await expect(bundle.namespaceExists(choice, 'team', AbortSignal.timeout(40_000))).rejects.toThrow(
    /certificate that the kubeconfig does not trust/u,
  );
  expect(heard).toEqual([]);
});

test('a token file is read, as in a pod', async () => {
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, 'of-a-file');
  expect(await asked({ 'auth-provider': { name: 'tokenFile', config: { tokenFile } } })).toMatchObject({
    authorization: 'Bearer of-a-file',
  });
});

test('a token file that the user names is read, from the folder of the kubeconfig', async () => {
  await writeFile(join(folder, 'own-token'), 'of-a-file\n');
  expect(await asked({ tokenFile: 'own-token' })).toMatchObject({ authorization: 'Bearer of-a-file' });
});

test('a client certificate is presented', async () => {
  const user = { 'client-certificate-data': base64(client.cert), 'client-key-data': base64(client.key) };
  expect(await asked(user)).toMatchObject({ certificate: true, authorization: undefined });
});

test('user name and password are sent', async () => {
  expect(await asked({ username: 'me', password: 'secret' })).toMatchObject({
    authorization: `Basic ${base64('me:secret')}`,
  });
});

test('a credential plugin is run with its arguments and environment, and its token sent', async () => {
  expect(await asked(await plugin({ token: 'of-the-plugin' }))).toMatchObject({
    authorization: 'Bearer of-the-plugin',
    certificate: false,
  });
  expect(await readFile(join(folder, 'ran'), 'utf8')).toBe('get-token north\n');
});

test('the certificate of a credential plugin is presented', async () => {
  const user = await plugin({ clientCertificateData: client.cert, clientKeyData: client.key });
  expect(await asked(user)).toMatchObject({ certificate: true });
});

test.each([
  ['a token', async () => ({ token: 'of-the-file' })],
  ['a credential plugin', () => plugin({ token: 'of-the-file' })],
])('through a proxy the request arrives with %s, and the proxy reads none of it', async (_what, user) => {
  const proxied = { 'proxy-url': `http://127.0.0.1:${portOf(proxy)}` };
  expect(await asked(await user(), proxied)).toMatchObject({ authorization: 'Bearer of-the-file' });
  expect(tunnels).toEqual([`127.0.0.1:${portOf(api)}`]);
});

test('through a proxy a client certificate is presented', async () => {
  const user = { 'client-certificate-data': base64(client.cert), 'client-key-data': base64(client.key) };
  const proxied = { 'proxy-url': `http://127.0.0.1:${portOf(proxy)}` };
  expect(await asked(user, proxied)).toMatchObject({ certificate: true });
  expect(tunnels).toHaveLength(1);
});

describe('an OIDC token', () => {
  const token = (more: object): string =>
    [{ alg: 'RS256' }, { sub: 'me', iat: 1, ...more }, 'signature']
      .map((part) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url'))
      .join('.');
  const soon = Math.floor(Date.now() / 1000) + 3600;
  const oidc = (issuer: string, idToken: string) => ({
    'auth-provider': {
      name: 'oidc',
      config: {
        'idp-issuer-url': issuer,
        'client-id': 'kubectl',
        'refresh-token': 'refresh',
        'id-token': idToken,
      },
    },
  });

  test('is sent as long as it lasts', async () => {
    const idToken = token({ exp: soon });
    expect(await asked(oidc('https://127.0.0.1:1', idToken))).toMatchObject({ authorization: `Bearer ${idToken}` });
  });

  test('that has run out is said to be so, and by what it is renewed', async () => {
    const choice = await kubeconfig(oidc('https://127.0.0.1:1', token({ exp: 1 })));
    await expect(bundle.namespaceExists(choice, 'team', AbortSignal.timeout(40_000))).rejects.toMatchObject({
      reason: 'unauthenticated',
      message: 'The OIDC token of this context has run out, and Topology Bench does not renew it.',
      nextStep: expect.stringContaining('Renew it with "kubectl get pods"') as string,
    });
    expect(heard).toEqual([]);
  });
});
