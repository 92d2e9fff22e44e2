import { once } from 'node:events';
import { mkdirSync, mkdtempSync, copyFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerLoad } from '../../../src/cli/load.ts';
import type { LoadReport } from '../../../src/cli/loadReport.ts';
import type { LoadSpec, PhaseMeasurement } from '../../../src/core/load.ts';
import type { Phase } from '../../../src/core/plan.ts';
import { createLoadDriver, type LocalLoadDriver } from '../../../src/load/driver.ts';
import { selfSigned, type Identity } from '../../support/selfSigned.ts';
import { carryOut, listen, loadSpec, openPhase } from './spec.ts';
import { startTimedServer, type TimedServer } from './truthRun.ts';
import { workerBundle } from './worker-bundle.ts';

const own = selfSigned({ dns: 'localhost', ip: [127, 0, 0, 1] });
let driver: LocalLoadDriver;
let server: TimedServer;
const root = mkdtempSync(join(tmpdir(), 'topology-bench-https-'));

beforeAll(async () => {
  const worker = await workerBundle();
  driver = createLoadDriver({ workerPath: worker });
  mkdirSync(join(root, 'dist'));
  copyFileSync(worker, join(root, 'dist', 'worker.cjs'));
  server = await startTimedServer({ kind: 'constant', ms: 3 }, own);
});
afterAll(() => server.stop());

const closed: Phase = { name: 'load', kind: 'measured', loop: 'closed', connections: 4, durationSeconds: 1 };
const open = openPhase({ maxInFlight: 64 });

async function load(
  phase: Phase,
  tls: LoadSpec['tls'],
  port = server.port,
  timeoutMs = 5_000,
): Promise<PhaseMeasurement> {
  const heard = listen();
  const url = `https://127.0.0.1:${String(port)}/`;
  const spec = loadSpec({ url, tls, timeoutMs, method: 'POST', bodies: ['1', '2'], phases: [phase] });
  await carryOut(driver, spec, {}, heard, new AbortController().signal);
  const [measured] = heard.ended;
  if (measured === undefined) throw new Error('no phase ended');
  return measured;
}

async function withServer<Result>(identity: Identity, use: (port: number) => Promise<Result>): Promise<Result> {
  const other = await startTimedServer({ kind: 'constant', ms: 1 }, identity);
  try {
    return await use(other.port);
  } finally {
    await other.stop();
  }
}

async function withSocketServer<Result>(
  behave: Parameters<typeof createServer>[1],
  use: (port: number) => Promise<Result>,
): Promise<Result> {
  const plain: Server = createServer(behave).listen(0, '127.0.0.1');
  await once(plain, 'listening');
  try {
    return await use((plain.address() as AddressInfo).port);
  } finally {
    plain.close();
  }
}

describe('loading https', () => {
  it.each([
    ['closed', closed],
    ['open', open],
  ] as const)('in a %s loop, verified by a given authority: every request is counted', async (_loop, phase) => {
    await server.entries();
    const { requests, latency, errorsByKind } = await load(phase, { caPem: own.cert, verify: true });
    const answered = (await server.entries()).length;
    expect(errorsByKind).toEqual({});
    expect(requests.ok).toBeGreaterThan(10);
    expect(answered).toBeGreaterThanOrEqual(requests.ok);
    expect(answered).toBeLessThanOrEqual(requests.sent);
    expect(latency.p50Ms).toBeGreaterThan(2.9);
  });

  it('unverified when that is asked for', async () => {
    expect((await load(open, { caPem: null, verify: false })).requests.ok).toBeGreaterThan(10);
  });

  it.each([
    ['that nobody vouches for', own, null, 'it is signed by itself (DEPTH_ZERO_SELF_SIGNED_CERT).'],
    [
      'of another name',
      selfSigned({ dns: 'elsewhere.example' }),
      'own',
      'it is for another name than the one in the address (ERR_TLS_CERT_ALTNAME_INVALID).',
    ],
    [
      'that has expired',
      selfSigned({ ip: [127, 0, 0, 1], expired: true }),
      'own',
      'it has expired (CERT_HAS_EXPIRED).',
    ],
  ] as const)('refuses a certificate %s, and says why in a few words', async (_name, identity, ca, words) => {
    await withServer(identity, async (port) => {
      const refused = load(closed, { caPem: ca === null ? null : identity.cert, verify: true }, port);
      await expect(refused).rejects.toMatchObject({
        reason: 'load-failed',
        message: expect.stringContaining(`The endpoint's certificate does not verify: ${words}`) as string,
        nextStep: expect.stringMatching(/, or skip verification with --insecure if you trust the network\.$/) as string,
      });
      await expect(refused).rejects.not.toThrow(/Node\.js|elsewhere/);
    });
  });

  it('verifies by the usual authorities when nothing else is said', async () => {
    await expect(load(open, null)).rejects.toThrow('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  it('says that a port does not speak TLS', async () => {
    await withSocketServer(
      (socket) => {
        socket.on('error', () => undefined);
        socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      },
      async (port) => {
        await expect(load(closed, null, port)).rejects.toMatchObject({
          message: expect.stringMatching(
            /The TLS handshake with the endpoint failed: what answers does not speak TLS \([A-Z_]+\)\.$/,
          ) as string,
          nextStep: 'Check that the port speaks https.',
        });
      },
    );
  });

  it('waits no longer than the timeout for a handshake', async () => {
    await withSocketServer(
      (socket) => {
        socket.on('error', () => undefined);
      },
      async (port) => {
        const begin = performance.now();
        await expect(load(open, null, port, 300)).rejects.toThrow(
          'The endpoint did not complete a TLS handshake within 300 ms.',
        );
        expect(performance.now() - begin).toBeLessThan(10_000);
      },
    );
  });
});

describe('topology-bench load https://', () => {
  async function command(...args: readonly string[]): Promise<string> {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    let printed = '';
    stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const program = new Command('topology-bench').exitOverride();
    registerLoad(program, {
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: stdout as unknown as NodeJS.WriteStream,
      stderr: stderr as unknown as NodeJS.WriteStream,
      signal: new AbortController().signal,
      root,
      version: '0.0.0',
    });
    try {
      await program.parseAsync(['load', `https://localhost:${String(server.port)}/`, '--json', ...args], {
        from: 'user',
      });
    } finally {
      process.exitCode = 0;
    }
    return printed;
  }
  const short = ['--connections', '2', '--duration', '1'];

  it('takes an authority by file, and does without when told', async () => {
    const file = join(root, 'ca.pem');
    writeFileSync(file, own.cert);
    for (const args of [['--ca', file], ['--insecure']]) {
      const report = JSON.parse(await command(...short, ...args)) as LoadReport;
      expect(report.requests.ok).toBeGreaterThan(10);
      expect(report.errorsByKind).toEqual({});
    }
  });

  it('says what to do about a certificate that does not verify', async () => {
    await expect(command(...short)).rejects.toMatchObject({
      message: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT') as string,
      nextStep: expect.stringContaining('--ca FILE') as string,
    });
  });
});
