import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BenchError } from '../../src/core/errors.ts';
import { lookAtMachine, prepareLocal } from '../../src/local/prepare.ts';
import { classifiers, lookAlikes, mistakes } from '../unit/model/tritonConfigs.ts';
import { assets, never, removeRunsDirectory, withFolder } from './support.ts';

/**
 * Our reader of config.pbtxt against the one in Triton itself: what we take, it takes; what we call an error, it refuses.
 * One server reads all texts; none of its models can be loaded, but how far each one gets is in its log.
 */

const texts = new Map<string, string>([
  ...Object.entries(classifiers).map(([name, { text }]) => [name, text] as const),
  ...Object.entries(lookAlikes).map(([name, { text }]) => [name, text] as const),
  ...mistakes.map(([name, text]) => [name, text] as const),
]);
/** Those that Triton takes as text and refuses, or quietly accepts, for what they say. */
const notAboutText = [
  ...['a negative batch size', 'batches beyond the largest', 'batching without batches'],
  ...['batches of a model that takes none', 'batches without a largest'],
];
let log = '';

beforeAll(async () => {
  const { triton } = await prepareLocal({ assets, triton: true, status: () => undefined }, never);
  if (triton === null || triton instanceof BenchError) throw triton ?? new Error('no Triton');
  expect(await lookAtMachine({ assets, triton: true }, never)).toMatchObject({ toFetch: [], noTriton: null });
  await withFolder(async (folder) => {
    for (const [index, text] of [...texts.values()].entries()) {
      await mkdir(join(folder, `m${String(index)}`, '1'), { recursive: true });
      await writeFile(join(folder, `m${String(index)}`, 'config.pbtxt'), text);
    }
    const ports = ['--allow-http=false', '--allow-grpc=false', '--allow-metrics=false'];
    const server = spawn(
      join(triton.home, 'bin', 'tritonserver'),
      // Without any backend every model fails at once.
      [
        `--model-repository=${folder}`,
        `--backend-directory=${join(triton.home, 'bin')}`,
        '--exit-on-error=true',
        ...ports,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...triton.environment } },
    );
    for (const stream of [server.stdout, server.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        log += chunk;
      });
    }
    await new Promise((resolve) => server.once('close', resolve));
  });
});

afterAll(removeRunsDirectory);

function tritonSays(name: string): string {
  const index = [...texts.keys()].indexOf(name);
  return log
    .split('\n')
    .filter((line) => line.includes(`'m${String(index)}'`) || line.includes(`/m${String(index)}/`))
    .join('\n');
}

const unreadable = 'failed to read text proto';

describe('Triton reads what we read without an error', () => {
  test.each([...Object.keys(classifiers), ...Object.keys(lookAlikes)])('%s', (name) => {
    expect(log).toContain(unreadable);
    expect(tritonSays(name)).not.toContain(unreadable);
  });
});

describe('Triton cannot read what we call an error', () => {
  test.each(mistakes.map(([name]) => name).filter((name) => !notAboutText.includes(name)))('%s', (name) => {
    expect(tritonSays(name)).toContain(unreadable);
  });

  test.each(notAboutText)('%s is text that it can read', (name) => {
    expect(tritonSays(name)).not.toContain(unreadable);
  });
});
