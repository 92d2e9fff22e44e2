import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BenchError } from '../../../src/core/errors.ts';
import { findPython, whyNoTritonWith } from '../../../src/local/python.ts';

const never = new AbortController().signal;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-python-'));
});

afterEach(async () => {
  delete process.env['TOPOLOGY_BENCH_PYTHON'];
  await rm(folder, { recursive: true, force: true });
});

/** Stands for a Python of another machine: it describes itself as asked. */
async function pretend(description: {
  version: string;
  makesEnvironments: boolean;
  libraryFolders?: string[];
}): Promise<void> {
  const path = join(folder, 'python3');
  const said = JSON.stringify({ executable: path, prefix: folder, libraryFolders: [], ...description });
  await writeFile(path, `#!/bin/sh\ncat <<'END'\n${said}\nEND\n`);
  await chmod(path, 0o755);
  process.env['TOPOLOGY_BENCH_PYTHON'] = path;
}

async function failure(): Promise<BenchError> {
  const outcome = await findPython(never).catch((error: unknown) => error);
  return outcome as BenchError;
}

test('the Python of this machine runs the servers', async () => {
  const python = await findPython(never);
  expect(python.version).toMatch(/^3\.1[0-3]$/);
  expect(python.makesEnvironments).toBe(true);
});

test("a library in the Python's own folder is taken, and its folder must be told to the loader", async () => {
  await writeFile(join(folder, 'libpython3.12.so.1.0'), '');
  await pretend({ version: '3.12', makesEnvironments: true, libraryFolders: [folder] });
  const python = await findPython(never);
  expect(python.library).toEqual({ path: join(folder, 'libpython3.12.so.1.0'), known: false });
  expect(whyNoTritonWith(python)).toBeUndefined();
});

test('without a library Triton is out, with the command that installs it', async () => {
  const python = { executable: 'x', version: '3.11', prefix: '/usr', makesEnvironments: true, library: null };
  const obstacle = whyNoTritonWith(python);
  expect(obstacle?.why).toContain('libpython3.11.so.1.0');
  expect(obstacle?.nextStep).toMatch(/apt-get install libpython3\.11"/);
});

test('a Python that is too new for Triton still runs FastAPI', async () => {
  await pretend({ version: '3.13', makesEnvironments: true });
  const python = await findPython(never);
  expect(python.version).toBe('3.13');
  expect(whyNoTritonWith(python)?.why).toContain('this machine has 3.13');
});

test('without the modules for environments the command names their package', async () => {
  await pretend({ version: '3.11', makesEnvironments: false });
  expect(await failure()).toMatchObject({ reason: 'tool-missing', message: expect.stringContaining('venv') as string });
  expect((await failure()).nextStep).toMatch(/apt-get install python3\.11-venv"/);
});

test.each([
  ['too old', '3.8', 'this machine has 3.8'],
  ['too new', '3.15', 'this machine has 3.15'],
])('a Python that is %s', async (_, version, message) => {
  await pretend({ version, makesEnvironments: true });
  expect((await failure()).message).toContain(message);
});

test('no Python at all', async () => {
  process.env['TOPOLOGY_BENCH_PYTHON'] = join(folder, 'nowhere');
  expect(await failure()).toMatchObject({
    reason: 'tool-missing',
    message: expect.stringContaining('no Python 3') as string,
  });
});
