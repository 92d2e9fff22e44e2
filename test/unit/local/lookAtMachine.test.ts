/** What is said of this machine before a run is agreed to. */
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAssets } from '../../../src/assets/assets.ts';
import { lookAtMachine } from '../../../src/local/prepare.ts';
import { onMachine } from '../../support/onMachine.ts';

const never = new AbortController().signal;
const assets = openAssets(resolve(import.meta.dirname, '..', '..', '..'), 'test');
let cacheDirectory: string;
const look = (triton: boolean) => lookAtMachine({ assets, cacheDirectory, triton }, never);

beforeEach(async () => {
  cacheDirectory = await mkdtemp(join(tmpdir(), 'topology-bench-cache-'));
});

afterEach(async () => {
  delete process.env['TOPOLOGY_BENCH_PYTHON'];
  await rm(cacheDirectory, { recursive: true, force: true });
});

test('with nothing in the cache folder everything is fetched, and Triton only where it is needed', async () => {
  expect(await look(true)).toEqual({ toFetch: ['packages', 'triton'], cacheDirectory, noTriton: null });
  expect((await look(false)).toFetch).toEqual(['packages']);
  expect(await readdir(cacheDirectory)).toEqual([]);
});

test('where Triton cannot run it is not fetched, and why is said', async () => {
  const python = join(cacheDirectory, 'python3');
  const said = { executable: python, version: '3.13', prefix: '/', makesEnvironments: true, libraryFolders: [] };
  await writeFile(python, `#!/bin/sh\ncat <<'END'\n${JSON.stringify(said)}\nEND\n`);
  await chmod(python, 0o755);
  process.env['TOPOLOGY_BENCH_PYTHON'] = python;
  const { toFetch, noTriton } = await look(true);
  expect(toFetch).toEqual(['packages']);
  expect(noTriton).toMatchObject({ reason: 'tool-missing' });
  expect(noTriton?.message).toContain('this machine has 3.13');
});

test('a Mac runs FastAPI alone, and Windows itself nothing', async () => {
  onMachine('darwin', 'arm64');
  expect((await look(true)).noTriton?.message).toContain('there is no build of it for darwin on arm64');
  onMachine('win32', 'x64');
  await expect(look(false)).rejects.toMatchObject({
    reason: 'tool-missing',
    message: 'The servers do not run on Windows itself.',
  });
});
