import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DeployProgress, LoadDriver } from '../../../src/core/ports.ts';
import { LocalDeployment } from '../../../src/local/deployment.ts';
import type * as loopback from '../../../src/local/loopback.ts';
import { findPython } from '../../../src/local/python.ts';
import type { ServerParts } from '../../../src/local/servers.ts';
import { sampleLocalPlan } from '../../support/sampleRecord.ts';

/** Real processes: a small program that stands for FastAPI's server. */

/** Ports that were free when they were looked for, and are somebody else's when the server comes. */
const lost: number[] = [];
vi.mock('../../../src/local/loopback.ts', async (original) => {
  const real = await original<typeof loopback>();
  return {
    ...real,
    freePorts: async (count: number) => (lost.length > 0 ? lost.splice(0, count) : await real.freePorts(count)),
  };
});

const never = new AbortController().signal;
const progress: DeployProgress = {
  stage: () => undefined,
  status: () => undefined,
  upload: () => undefined,
  warning: () => undefined,
};
let folder: string;
let stranger: Server;
let strangersPort: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-deployment-'));
  stranger = createServer((_request, response) => response.writeHead(404).end());
  stranger.listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  strangersPort = (stranger.address() as AddressInfo).port;
});
afterEach(async () => {
  lost.length = 0;
  stranger.close();
  await rm(folder, { recursive: true, force: true });
});

/** @param server what the program does once it has written down its port */
async function deploymentOf(server: string): Promise<LocalDeployment> {
  const { executable } = await findPython(never);
  const program = join(folder, 'server.py');
  await writeFile(
    program,
    `import http.server, os
port = int(os.environ["TOPOLOGY_BENCH_PORT"])
with open(${JSON.stringify(join(folder, 'ports'))}, "a") as ports:
    print(port, file=ports)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
${server}
`,
  );
  // The keeper runs in the real interpreter, and the server in its place.
  const python = join(folder, 'python');
  await writeFile(
    python,
    `#!/bin/sh\nif [ "$1" = -m ]; then exec '${executable}' '${program}'; fi\nexec '${executable}' "$@"\n`,
  );
  await chmod(python, 0o755);
  const plan = sampleLocalPlan();
  const topology = plan.topologies.find(({ name }) => name === 'fastapi');
  const parts = {
    plan,
    topology,
    assets: { servingDirectory: folder },
    prepared: { environment: { python, sitePackages: folder }, triton: null },
    run: { path: folder },
    directory: folder,
    modelDirectory: folder,
    pinned: false,
  } as unknown as ServerParts;
  return new LocalDeployment(parts, {} as LoadDriver, async () => undefined);
}

async function portsTried(): Promise<number[]> {
  return (await readFile(join(folder, 'ports'), 'utf8')).trim().split('\n').map(Number);
}

const serve = 'http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()';

describe('a server on this machine', () => {
  test('is started once more where another process was faster at its port', async () => {
    lost.push(strangersPort);
    const deployment = await deploymentOf(serve);
    await deployment.start(progress, never);
    const tried = await portsTried();
    expect(tried).toEqual([strangersPort, expect.any(Number)]);
    expect(tried[1]).not.toBe(strangersPort);
    expect(deployment.placements).toHaveLength(1);
    await deployment.remove();
  });

  test('is not started a third time', async () => {
    lost.push(strangersPort, strangersPort);
    const deployment = await deploymentOf(serve);
    await expect(deployment.start(progress, never)).rejects.toMatchObject({
      reason: 'pod-failed',
      message: expect.stringContaining('before it was ready') as string,
    });
    expect(await portsTried()).toEqual([strangersPort, strangersPort]);
    await deployment.remove();
  });

  test('that ends for another reason is not started again', async () => {
    const deployment = await deploymentOf('raise SystemExit("no such model")');
    await expect(deployment.start(progress, never)).rejects.toMatchObject({
      reason: 'pod-failed',
      message: expect.stringContaining('no such model') as string,
    });
    expect(await portsTried()).toHaveLength(1);
    await deployment.remove();
  });
});
