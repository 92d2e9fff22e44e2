import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LoadReport } from '../../../src/cli/loadReport.ts';
import { startTruthServer, type TruthServer } from './truth.ts';
import { workerBundle } from './worker-bundle.ts';

/** `load` with bodies made of inputs, on a real server that keeps what it was sent. */

let server: TruthServer;
const root = mkdtempSync(join(tmpdir(), 'topology-bench-inputs-'));

beforeAll(async () => {
  server = await startTruthServer();
  mkdirSync(join(root, 'dist'));
  copyFileSync(await workerBundle(), join(root, 'dist', 'worker.cjs'));
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => server.forget());

async function load(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const program = join(import.meta.dirname, 'load-program.ts');
  const url = server.url('/ok?keep=1&delay=2');
  const all = [program, 'load', url, '--connections', '1', '--duration', '0.4', ...args];
  const child = spawn(process.execPath, all, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], TEST_ROOT: root, ...env },
  });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (printed[name] += text));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ code, ...printed });
    });
  });
}

function file(name: string, text: string | Buffer): string {
  const path = join(root, name);
  writeFileSync(path, text);
  return path;
}

describe('topology-bench load --inputs', () => {
  it('sends a body for each input, all of them in turn, as JSON', async () => {
    const inputs = file(
      'in.jsonl',
      '{"text": "naïve \\u2028", "id": 12345678901234567890}\r\n\r\n{"text": "two", "id": 1.0}\n',
    );
    const template = file('body.json', '{"inputs": ["> {{input.text}}"], "id": "{{input.id}}", "n": 1}');
    const { stdout } = await load(['--inputs', inputs, '--body-template', template, '--json']);
    const { bodies, headers } = await server.truth();
    const expected = [
      '{"inputs":["> naïve \u2028"],"id":12345678901234567890,"n":1}',
      '{"inputs":["> two"],"id":1.0,"n":1}',
    ];
    expect([...new Set(bodies)].sort()).toEqual([...expected].sort());
    // The first was sent to see what comes back, and is no part of the load.
    const loaded = bodies.slice(1);
    for (const [index, body] of loaded.entries()) expect(body).toBe(loaded[index % 2]);
    expect(headers[0]).toMatchObject({ 'content-type': 'application/json' });
    const report = JSON.parse(stdout) as LoadReport;
    expect(report.settings).toMatchObject({ method: 'POST', bodies: 2, seed: 1 });
    expect(report.requests.sent).toBe(loaded.length);
    expect(stdout).not.toContain('two');
  });

  it('without a template sends the inputs as they stand', async () => {
    const inputs = file('in.json', '[{"a": 1.0},\n [2 ], "three"]');
    await load(['--inputs', inputs]);
    expect([...new Set((await server.truth()).bodies)].sort()).toEqual(['"three"', '[2 ]', '{"a": 1.0}']);
  });

  it('makes JSON of texts', async () => {
    const inputs = file('in.txt', 'say "hi"\r\n{"not": "an object"}\n');
    const template = file('text.json', '{"text": "{{input}}"}');
    await load(['--inputs', inputs, '--body-template', template, '--header', 'Content-Type: application/x-own+json']);
    const { bodies, headers } = await server.truth();
    expect([...new Set(bodies)].map((body) => (JSON.parse(body) as { text: string }).text).sort()).toEqual([
      'say "hi"',
      '{"not": "an object"}',
    ]);
    expect(headers[0]).toMatchObject({ 'content-type': 'application/x-own+json' });
  });

  it('draws the order from the seed', async () => {
    const inputs = file('many.jsonl', Array.from({ length: 20 }, (_, index) => `{"n": ${String(index)}}\n`).join(''));
    const orders: string[][] = [];
    for (const seed of ['1', '1', '2']) {
      await server.forget();
      const { stdout } = await load(['--inputs', inputs, '--seed', seed, '--duration', '2.5']);
      expect(stdout).toContain(`bodies    20 in turn, in an order drawn from seed ${seed}`);
      orders.push((await server.truth()).bodies.slice(1, 21));
    }
    expect(new Set(orders[0]).size).toBe(20);
    expect(orders[1]).toEqual(orders[0]);
    expect(orders[2]).not.toEqual(orders[0]);
  });

  it('takes a secret header from the environment, and repeats it nowhere', async () => {
    const { stdout, stderr } = await load(['--secret-header', 'X-Key=MY_KEY', '--json'], { MY_KEY: 'hush hush' });
    expect((await server.truth()).headers[0]).toMatchObject({ 'x-key': 'hush hush' });
    expect(stdout + stderr).not.toContain('hush');
  });
});

describe('what is wrong with bodies is said before any load', () => {
  const lines = (): string => file('hush.jsonl', '{"a": "hush"}\n{"a": "hush}\n');
  const good = (): string => file('good.jsonl', '{"a": {"b": "hush"}}\n\n{"b": "hush"}\n');
  const template = (text: string): string => file('t.json', text);

  it.each([
    [
      () => ['--inputs', lines()],
      'hush.jsonl:2:13: The inputs file cannot be used: it is not JSON: a string has no closing quote',
    ],
    [
      () => ['--inputs', '/nowhere/in.json'],
      'topology-bench: /nowhere/in.json: The inputs file cannot be read: there is no such file. Check its path.',
    ],
    [
      () => ['--inputs', file('empty.jsonl', '\n')],
      'empty.jsonl: The inputs file cannot be used: it holds no input. Its form is one JSON value a line.',
    ],
    [
      () => ['--inputs', file('object.json', '{"a": "hush"}')],
      'object.json: The inputs file cannot be used: it is no JSON array.',
    ],
    [
      () => ['--inputs', file('latin.txt', Buffer.from([0x68, 0xe9]))],
      'latin.txt: The inputs are texts, which are no JSON bodies by themselves.',
    ],
    [
      () => ['--inputs', file('latin.jsonl', Buffer.from([0x22, 0xe9, 0x22]))],
      'latin.jsonl: The inputs file is not UTF-8 text.',
    ],
    [() => ['--inputs', good(), '--body-file', good()], 'give one of them.'],
    [() => ['--body-template', good()], '--body-template says what is made of --inputs, and there are none.'],
    [
      () => ['--inputs', good(), '--body-template', template('{"x":\n {{input}}}')],
      't.json:2:3: The body template cannot be used: it is not JSON: a name in quotes or "}" is expected.',
    ],
    [
      () => ['--inputs', good(), '--body-template', template('{"x": 1}')],
      't.json: The body template cannot be used: it has no placeholder',
    ],
    [
      () => ['--inputs', good(), '--body-template', template('["{{prompt}}"]')],
      '"{{prompt}}" is no placeholder (at 0 ',
    ],
    [
      () => ['--inputs', good(), '--body-template', template('{"x": ["{{input.a}}"]}')],
      /good\.jsonl:3: An input cannot fill the body template .*t\.json: the input has no field "a" \(at x\.0 of the template\)\. Correct/,
    ],
    [
      () => ['--inputs', good(), '--body-template', template('{"x": "a {{input.a}}"}')],
      /good\.jsonl:1: An input cannot .*: the input's "a" is an object, which cannot be part of a longer text \(at x of the template\)\. Correct/,
    ],
    [() => ['--inputs', good(), '--seed', '-1'], '--seed takes a whole number from 0 to 999999999, not "-1".'],
    [
      () => ['--body-file', file('bad.json', '{"hush": }')],
      'bad.json:1:10: The body is not JSON: a value is expected.',
    ],
    [
      () => ['--body-file', file('bad.txt', '{"hush"\n}'), '--header', 'content-type: application/json; charset=utf-8'],
      'bad.txt:2:1: The body is not JSON: a ":" is expected.',
    ],
    [
      () => ['--body-file', file('bad.txt', 'hush'), '--header', 'Content-Type: application/vnd.hush+json'],
      'bad.txt:1:1: The body is not JSON',
    ],
    [() => ['--secret-header', 'hush'], '--secret-header takes NAME=VARIABLE'],
    [() => ['--secret-header', 'X-Key=hush'], 'the environment variable that it names is not set.'],
    [() => ['--secret-header', 'X-Key=SECRET_VALUE', '--header', 'x-key: hush'], 'The header "X-Key" is given twice.'],
    [() => ['--secret-header', 'Content-Length=SECRET_VALUE'], 'is set by the load generator itself'],
  ])('%#', async (args, message) => {
    const { code, stdout, stderr } = await load(args(), { SECRET_VALUE: 'hush' });
    expect(code).toBe(2);
    expect(stdout).toBe('');
    if (typeof message === 'string') expect(stderr).toContain(message);
    else expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr.replace(/\S*hush\.jsonl/, '')).not.toContain('hush');
    expect((await server.truth()).sockets).toBe(0);
  });

  it('and a body that does not say it is JSON may be anything', async () => {
    const types = [[], ['--header', 'Content-Type: text/plain']];
    for (const [index, name] of ['any.txt', 'any.json'].entries()) {
      await load(['--body-file', file(name, '{hush'), ...(types[index] ?? [])]);
    }
    expect(new Set((await server.truth()).bodies)).toEqual(new Set(['{hush']));
  });
});
