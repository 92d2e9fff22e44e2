/** A Deploy that fails, on an API server of which as much is there as a Deploy asks. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openAssets } from '../../../src/assets/assets.ts';
import type { BenchError } from '../../../src/core/errors.ts';
import { makePlan } from '../../../src/core/planning.ts';
import { deployTopology } from '../../../src/kubernetes/deploy.ts';
import { choices } from '../../support/choices.ts';

const assets = openAssets(resolve(import.meta.dirname, '..', '..', '..'), '0.0.0-test');
let folder = '';
let kubeconfigPath = '';
let server: Server;
/** Paths of what was made and not deleted. */
let made: string[] = [];
let mayDelete = true;

beforeEach(async () => {
  made = [];
  mayDelete = true;
  server = createServer((request, response) => {
    request.resume();
    const url = new URL(request.url ?? '', 'http://api');
    const { status, body } = answer(request.method ?? '', url);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-deploy-'));
  kubeconfigPath = join(folder, 'kubeconfig');
  const { port } = server.address() as AddressInfo;
  await writeFile(
    kubeconfigPath,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'here',
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${String(port)}` } }],
      users: [{ name: 'u', user: { token: 'hush' } }],
      contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    }),
  );
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await rm(folder, { recursive: true });
});

/** Of what is applied the anchor is taken, and all else is refused as by a quota. */
function answer(method: string, { pathname, searchParams }: URL): { readonly status: number; readonly body: unknown } {
  const name = pathname.split('/').at(-1) ?? '';
  const metadata = { name, uid: `uid-${name}`, resourceVersion: '1' };
  if (pathname === '/version') return { status: 200, body: { gitVersion: 'v1.36.3' } };
  if (name === 'selfsubjectaccessreviews') return { status: 201, body: { status: { allowed: true } } };
  if (searchParams.has('dryRun')) return { status: 200, body: { metadata } };
  if (method === 'PATCH') {
    if (made.includes(pathname)) return { status: 200, body: { metadata } };
    if (made.length > 0) return { status: 403, body: { message: 'exceeded quota: team' } };
    made.push(pathname);
    return { status: 201, body: { metadata } };
  }
  if (method === 'DELETE') {
    if (!mayDelete) return { status: 403, body: { message: 'this user cannot delete configmaps' } };
    made = made.filter((path) => path !== pathname);
    return { status: 200, body: {} };
  }
  if (/\/namespaces\/[^/]+$/u.test(pathname)) return { status: 200, body: { metadata } };
  if (searchParams.size === 0) return { status: 404, body: { message: 'not found' } };
  const items = made
    .filter((path) => path.startsWith(`${pathname}/`))
    .map((path) => ({ metadata: { name: path.split('/').at(-1), uid: `uid-${path.split('/').at(-1) ?? ''}` } }));
  return { status: 200, body: { metadata: {}, items } };
}

async function deploy(): Promise<{ readonly failure: unknown; readonly left: readonly BenchError[] }> {
  const left: BenchError[] = [];
  const listener = {
    stage: () => undefined,
    status: () => undefined,
    upload: () => undefined,
    warning: () => undefined,
    leftBehind: (problem: BenchError) => {
      left.push(problem);
    },
  };
  const plan = makePlan({ ...choices, topologies: ['fastapi'] });
  const [topology] = plan.topologies;
  if (topology === undefined) throw new Error('the plan has no topology');
  const options = { kubeconfigPath, assets, modelPaths: {} };
  const failure: unknown = await deployTopology(options, plan, topology, listener, new AbortController().signal).catch(
    (error: unknown) => error,
  );
  return { failure, left };
}

it('removes what it had made', async () => {
  const { failure, left } = await deploy();
  expect(failure).toMatchObject({ reason: 'rejected-by-cluster', message: expect.stringMatching(/quota/u) as string });
  expect(made).toEqual([]);
  expect(left).toEqual([]);
});

it('tells what it could not remove, beside the failure itself', async () => {
  mayDelete = false;
  const { failure, left } = await deploy();
  expect(failure).toMatchObject({ reason: 'rejected-by-cluster' });
  expect(made).toHaveLength(1);
  expect(left).toMatchObject([
    {
      reason: 'clean-up-incomplete',
      message: expect.stringMatching(/^In the namespace team-a this is still there: ConfigMap tb-fastapi-/u) as string,
    },
  ]);
});

it('has more time to remove it than what is stuck is waited for', async () => {
  const limited = vi.spyOn(AbortSignal, 'timeout');
  try {
    await deploy();
    expect(made).toEqual([]);
    // After two minutes without progress it is said by itself what keeps it.
    expect(Math.max(...limited.mock.calls.map(([limitMs]) => limitMs))).toBeGreaterThan(120_000);
  } finally {
    limited.mockRestore();
  }
});
