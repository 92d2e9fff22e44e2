import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { registerRun } from '../../../src/cli/run.ts';
import { runRecordSchema, type RunRecord } from '../../../src/core/record.ts';
import { ScriptedTarget } from '../../support/scriptedTarget.ts';
import { selfSigned } from '../../support/selfSigned.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';
import { startTruthServer, type TruthServer } from '../load/truth.ts';
import { startTimedServer } from '../load/truthRun.ts';
import { workerBundle } from '../load/worker-bundle.ts';

/** `run --endpoint` on a real server, with the real engine and the real load worker. */

let root: string;
let server: TruthServer;
/** Of the first run, which the others are compared with. */
let record: RunRecord;
let first: Ended;

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...options: readonly string[]): Promise<Ended> {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough(), stdin: new PassThrough() };
  const program = new Command().exitOverride();
  const context = {
    ...(streams as unknown as Record<'stdout' | 'stderr', NodeJS.WriteStream>),
    root,
    version: '0.0.0',
  };
  const stdin = streams.stdin as unknown as NodeJS.ReadStream;
  registerRun(
    program,
    { ...context, stdin, signal: new AbortController().signal },
    { targetFor: () => new ScriptedTarget(), claims: join(root, 'claims') },
  );
  process.exitCode = undefined;
  await program.parseAsync(['run', '--out', join(root, 'runs'), ...options], { from: 'user' });
  const code = process.exitCode;
  return { code, stdout: String(streams.stdout.read() ?? ''), stderr: String(streams.stderr.read() ?? '') };
}

const file = (name: string): string => join(root, name);
const url = (): string => server.url('/ok?keep=1&delay=3&private=path');

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'topology-bench-endpoint-'));
  await mkdir(file('dist'));
  await copyFile(await workerBundle(), file('dist/worker.cjs'));
  const phases = '  - { connections: 2, seconds: 1 }\n  - { rate: 150, seconds: 1, name: open }\n';
  await writeFile(file('plan.yaml'), `version: 1\ntarget: endpoint\ntimeoutMs: 4000\nphases:\n${phases}`);
  await writeFile(file('in.jsonl'), '{"note": "private one"}\n{"note": "private two"}\n');
  await writeFile(file('body.json'), '{"text": "> {{input.note}}"}');
  server = await startTruthServer();
  vi.stubEnv('MY_KEY', 'private key');
  first = await run(
    file('plan.yaml'),
    '--endpoint',
    url(),
    ...bodies(),
    ...secrets,
    '--name',
    'checkout',
    ...outputs(),
  );
  record = runRecordSchema.parse(JSON.parse(first.stdout));
});
beforeEach(() => server.forget());
afterEach(() => {
  process.exitCode = undefined;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.stop();
  await rm(root, { recursive: true, force: true });
});

const bodies = (): string[] => ['--inputs', file('in.jsonl'), '--body-template', file('body.json')];
const secrets = ['--secret-header', 'X-Key=MY_KEY', '--header', 'X-Other: private header'];
const outputs = (): string[] => [
  ...['--json', '--slo', 'endpoint@2:p95<5s', '--slo', '@open:errors<1%'],
  ...['--junit', file('junit.xml')],
];

/** What a busy machine does to the load generator is no fault of what is tested here. */
function faultsOf({ topologies }: RunRecord): string[] {
  const reasons = topologies.flatMap(({ phases }) => phases.flatMap(({ validity }) => validity.reasons));
  return reasons.filter(
    (reason) =>
      !/insufficient samples|load generator|unstable|Little's law|the asked rate|unanswered at the end/.test(reason),
  );
}

describe('run --endpoint', () => {
  it('carries out the phases of a plan file, and records what they were', () => {
    expect(record).toMatchObject({
      status: 'completed',
      plan: {
        target: { kind: 'endpoint', name: 'checkout', method: 'POST', https: false },
        load: { profile: 'custom', timeoutMs: 4000, payload: { name: 'bodies', texts: 2 } },
      },
      environment: { target: 'endpoint', cluster: null },
      sameAnswers: { verdict: 'not compared' },
      modelConfig: null,
      software: { servingSha256: null },
      failure: null,
    });
    const [result] = record.topologies;
    expect(result).toMatchObject({ status: 'completed', topology: { name: 'endpoint' }, readyMs: null, runtimes: [] });
    expect(result?.phases.map(({ name }) => name)).toEqual(['warm-up', 'warm-up c2', 'c2', 'warm-up open', 'open']);
    for (const { measurement, serverCount, split, batching, validity } of result?.phases ?? []) {
      expect(measurement.requests.ok).toBeGreaterThan(0);
      expect(measurement.requests.errors).toBe(0);
      expect([serverCount, split, batching]).toEqual([null, null, null]);
      expect(validity.caveats.join()).toContain('the load generator shared the machine with the server, or a tunnel');
      expect(validity.caveats.join()).toContain('its own counters are not known');
    }
    expect(faultsOf(record)).toEqual([]);
    expect(first.code).toBe(
      record.topologies[0]?.phases.every(({ kind, validity }) => kind === 'warm-up' || validity.valid) === true ? 0 : 1,
    );
  });

  it('keeps nothing private: neither in the record nor in what it prints or writes', async () => {
    const saved = await readFile(file(`runs/${record.id}.json`), 'utf8');
    const junit = await readFile(file('junit.xml'), 'utf8');
    expect(junit).toContain('topology-bench checkout');
    expect(junit).toContain('endpoint@2:p95&lt;5s');
    for (const text of [first.stdout, first.stderr, saved, junit]) {
      for (const word of ['private', '127.0.0.1', `:${String(server.port)}`, 'X-Key', 'in.jsonl']) {
        expect(text.replaceAll(record.id, '').includes(word) ? `${word} in ${text.slice(0, 200)}` : '').toBe('');
      }
    }
  });

  it('sends what the template makes of each input, with its headers', async () => {
    await run(file('plan.yaml'), '--endpoint', url(), ...bodies(), ...secrets, '--method', 'put');
    const truth = await server.truth();
    expect([...new Set(truth.bodies)].sort()).toEqual(['{"text":"> private one"}', '{"text":"> private two"}']);
    expect(truth.headers[0]).toMatchObject({
      'content-type': 'application/json',
      'x-key': 'private key',
      'x-other': 'private header',
    });
  });

  it('repeats a run whose address and inputs are given again, and compares the two', async () => {
    const again = await run('--repeat', record.id, '--endpoint', url(), ...bodies(), '--max-regression', '9999%');
    expect(again.stdout).toContain(record.id);
    const id = /runs\/(.*)\.json/.exec(again.stderr)?.[1] ?? '';
    const repeated = runRecordSchema.parse(JSON.parse(await readFile(file(`runs/${id}.json`), 'utf8')));
    expect(repeated).toMatchObject({ repeats: record.id, plan: record.plan, planSha256: record.planSha256 });
    expect(again.stdout).toMatch(/(ok|NO NUMBER) +checkout +c2 +p95 against run /);
  });

  it('counts every answer that is no success, and ends with 1', async () => {
    const { code, stdout } = await run(file('plan.yaml'), '--endpoint', server.url('/500?delay=3&every=2'));
    expect(code).toBe(1);
    expect(stdout).toContain('of the requests sent failed');
    expect(stdout).toContain('endpoint, custom, load from this machine');
  });

  it.each([
    [
      '/404?private=path',
      'The endpoint "checkout" answered 404 Not Found (no media type) to one POST with JSON of 24 bytes, which was sent to see what comes back before any load.',
      'Check the path of the address, and the name of the model in it.',
    ],
    ['/garbage', 'The endpoint answered with what is not HTTP.', 'See whether the server is well'],
    ['/close', 'The endpoint closed the connection without an answer.', 'See whether the server is well'],
    ['/cut', 'The endpoint closed the connection in the middle of an answer.', 'See whether the server is well'],
    ['/reset', 'The endpoint broke the connection off instead of answering (ECONNRESET).', 'See whether the server is'],
    [
      '/until-close',
      'The endpoint "checkout" answered 200 OK with a body that is not JSON (no media type) to one POST with JSON of 24 bytes, which was sent to see what comes back before any load.',
      'say so with --header "Accept: */*".',
    ],
  ])('looks at the answer to one request before any load: %s', async (path, message, nextStep) => {
    const options = ['--endpoint', server.url(path), '--name', 'checkout', ...bodies(), '--junit', file('first.xml')];
    await expect(run(file('plan.yaml'), ...options)).rejects.toMatchObject({
      reason: 'load-failed',
      message,
      nextStep: expect.stringContaining(nextStep) as string,
    });
    expect((await server.truth()).received).toBe(1);
    const junit = await readFile(file('first.xml'), 'utf8');
    expect(junit).toContain('name="run"');
    expect(junit).not.toContain('private');
  });

  it('ends at once, and says what to do, where nothing listens', async () => {
    const closed = await startTimedServer({ kind: 'constant', ms: 1 });
    const { port } = closed;
    await closed.stop();
    await expect(run('--endpoint', `http://localhost:${String(port)}/`)).rejects.toMatchObject({
      reason: 'load-failed',
      message: 'The endpoint does not take a connection: nothing listens on its port (ECONNREFUSED).',
      nextStep: expect.stringContaining('Check the address and port') as string,
    });
  });

  it('says that a certificate is of another name, and not of which', async () => {
    const identity = selfSigned({ dns: 'elsewhere.example' });
    const https = await startTimedServer({ kind: 'constant', ms: 1 }, identity);
    try {
      await writeFile(file('ca.pem'), identity.cert);
      const junit = file('refused.xml');
      const options = ['--ca', file('ca.pem'), '--junit', junit];
      const refused = run('--endpoint', `https://localhost:${String(https.port)}/`, ...options);
      await expect(refused).rejects.toMatchObject({ reason: 'load-failed' });
      const text = await readFile(junit, 'utf8');
      expect(text).toContain('another name than the one in the address');
      expect(text).not.toContain('localhost');
      expect(text).not.toContain('elsewhere.example');
    } finally {
      await https.stop();
    }
  });
});

describe('what run --endpoint refuses', () => {
  const endpoint = 'http://127.0.0.1:1/';

  it.each([
    [['--endpoint', 'nowhere'], '"nowhere" is no URL'],
    [['--endpoint', endpoint, '--model', 'x'], '--endpoint loads what exists already, and --model would say'],
    [['--endpoint', endpoint, '--topologies', 'triton', '--local'], 'and --topologies and --local would say'],
    [['--endpoint', endpoint, '--gpu'], '--gpu would say what is deployed or where'],
    [['--endpoint', endpoint, '--profile', 'paper'], 'The profile "paper" compares topologies'],
    [
      ['--endpoint', endpoint, '--profile', 'quik'],
      '--profile takes quick, standard, ladder, paper, single-stream, server or offline, not "quik".',
    ],
    [['--endpoint', endpoint, '--slo-p95', '10'], '--slo-p95 bounds the search of the profile "server"'],
    [['--endpoint', endpoint, '--name', 'a b'], '--name takes letters'],
    [['--endpoint', endpoint, '--timeout', '0'], '--timeout takes a whole number from 1'],
    [['--endpoint', endpoint, '--slo', 'triton:p95<1s'], 'bounds nothing of the plan, which measures endpoint at c1'],
    [['--endpoint', endpoint, '--insecure'], '--insecure is of https:// addresses'],
    [
      ['--endpoint', 'http://0.0.0.0:1/'],
      '0.0.0.0:1 is not this machine, and there is no terminal to ask on; nothing was sent.',
    ],
    [['--local', '--inputs', 'x.json'], '--inputs is of an endpoint that exists already, and none is named.'],
    [['--local', '--name', 'x', '--header', 'A: b'], '--name and --header are of an endpoint'],
  ])('%j', async (options, message) => {
    await expect(run(...options)).rejects.toMatchObject({ message: expect.stringContaining(message) as string });
  });

  it('a plan file that says what is deployed', async () => {
    await writeFile(file('deployed.yaml'), 'version: 1\nmodel: m\ntopologies: [triton]\nprofile: quick\n');
    await expect(run(file('deployed.yaml'), '--endpoint', endpoint)).rejects.toThrow(
      `--endpoint loads what exists already, and model and topologies in ${file('deployed.yaml')} would say`,
    );
    await writeFile(file('local.yaml'), 'version: 1\ntarget: local\n');
    await expect(run(file('local.yaml'), '--endpoint', endpoint)).rejects.toThrow(
      /, and target in .*local\.yaml would/,
    );
  });

  it('a plan file that says it is for an endpoint, where none is named', async () => {
    await writeFile(file('for-endpoint.yaml'), 'version: 1\ntarget: endpoint\nprofile: quick\n');
    await expect(run(file('for-endpoint.yaml'))).rejects.toMatchObject({
      where: { file: file('for-endpoint.yaml') },
      message: 'The plan file is for an endpoint that exists already, and none is named.',
      nextStep: 'Name it with --endpoint URL.',
    });
  });

  it('a plan file without a model, where no endpoint is named', async () => {
    await writeFile(file('load.yaml'), 'version: 1\nprofile: quick\n');
    await expect(run(file('load.yaml'), '--local')).rejects.toMatchObject({
      where: { file: file('load.yaml') },
      message: 'The plan file names no model.',
    });
    await expect(run(file('load.yaml'), '--local', '--model', file('nowhere'))).rejects.toMatchObject({
      reason: 'model-not-found',
    });
  });

  it('a repeat of something else', async () => {
    const deployed = file('deployed.json');
    await writeFile(deployed, JSON.stringify(sampleRecord()));
    const again = (...options: readonly string[]): Promise<Ended> => run('--repeat', ...options);
    await expect(again(deployed, '--endpoint', endpoint)).rejects.toThrow(/deployed topologies/);
    await expect(again(record.id, '--local')).rejects.toThrow(/was on an endpoint that existed already/);
    await expect(again(record.id, '--endpoint', endpoint)).rejects.toThrow(
      /The bodies are not those of run .*: there were 2 with/,
    );
    await expect(again(record.id, '--endpoint', endpoint, ...bodies(), '--seed', '2')).rejects.toThrow(
      /--seed would change it/,
    );
    await expect(again(record.id, '--endpoint', endpoint, ...bodies(), '--method', 'PUT')).rejects.toThrow(
      /sent POST over http, and this would send PUT over http/,
    );
  });
});
