import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isCancelled } from '../../../src/core/errors.ts';
import { openCluster, type Cluster } from '../../../src/kubernetes/cluster.ts';
import { endLease } from '../../../src/kubernetes/lease.ts';
import { ConnectionError, readText } from '../../../src/kubernetes/transport.ts';
import { startStopwatch } from '../../support/stopwatch.ts';

const never = new AbortController().signal;

describe('an API server that hangs', () => {
  let folder: string;
  let server: Server;
  let cluster: Cluster;
  /** Requests that were not answered yet. */
  let held: { request: IncomingMessage; response: ServerResponse }[];

  beforeEach(async () => {
    held = [];
    server = createServer((request, response) => held.push({ request, response }));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    folder = await mkdtemp(join(tmpdir(), 'topology-bench-cluster-'));
    const { port } = server.address() as AddressInfo;
    const kubeconfigPath = join(folder, 'kubeconfig');
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
    cluster = openCluster({ kubeconfigPath });
  });
  afterEach(async () => {
    cluster[Symbol.dispose]();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  it('does not hold up a cancel, and the change under way is still waited for before anything is cleaned up', async () => {
    const stop = new AbortController();
    const changing = cluster.change({ method: 'POST', path: '/api/v1/namespaces', body: {} }, stop.signal);
    await heldRequests(1);
    const sinceStop = startStopwatch();
    stop.abort();
    const error: unknown = await changing.catch((reason: unknown) => reason);
    expect(sinceStop()).toBeLessThan(500);
    expect(isCancelled(error)).toBe(true);

    let isSettled = false;
    const settled = cluster.settled(never).then(() => {
      isSettled = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isSettled).toBe(false);
    expect(held[0]?.request.destroyed).toBe(false);
    answer(0, {});
    await settled;
    expect(isSettled).toBe(true);
  });

  it('does not hold up whoever waits for changes and is cancelled too', async () => {
    const changing = cluster.change({ method: 'DELETE', path: '/api/v1/namespaces/a' }, never).catch(() => undefined);
    await heldRequests(1);
    await expect(cluster.settled(AbortSignal.timeout(50))).rejects.toMatchObject({ reason: 'cancelled' });
    answer(0, {});
    await changing;
  });

  it('cannot take a lease up again that was ended meanwhile', async () => {
    const stop = new AbortController();
    const renewal = cluster.change({ method: 'PATCH', path: '/renewal', body: {} }, stop.signal).catch(() => undefined);
    await heldRequests(1);
    stop.abort();
    await renewal;
    const ending = endLease(cluster, { path: '/ended', uid: 'u' }, never);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(held).toHaveLength(1);
    answer(0, {});
    await heldRequests(2);
    expect(held[1]?.request.url).toMatch(/^\/ended\?/u);
    answer(1, {});
    await ending;
  });

  async function heldRequests(count: number): Promise<void> {
    await expect.poll(() => held.length, { interval: 5 }).toBe(count);
  }

  function answer(index: number, body: unknown): void {
    held[index]?.response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }
});

it('an answer that begins and never comes to its end is given up as a connection that broke', async () => {
  const body = new PassThrough();
  body.write('{"items":[');
  const error: unknown = await readText(body as unknown as IncomingMessage, 30).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConnectionError);
  expect(String(error)).toMatch(/its answer did not come to an end in time/u);
  expect(body.destroyed).toBe(true);
});
