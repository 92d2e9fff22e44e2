import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { onnxBytes } from '../../../src/extension/onnxSize.ts';

/** VS Code's file system over that of this machine. */
vi.mock('vscode', () => {
  const uri = (path: string): object => ({ path, with: (change: { path: string }) => uri(change.path) });
  return {
    FileType: { File: 1, Directory: 2 },
    Uri: { joinPath: (base: { path: string }, ...parts: string[]) => uri(join(base.path, ...parts)) },
    workspace: {
      fs: {
        readDirectory: async ({ path }: { path: string }) =>
          (await readdir(path, { withFileTypes: true })).map((entry) => [entry.name, entry.isDirectory() ? 2 : 1]),
        stat: ({ path }: { path: string }) => stat(path),
      },
    },
  };
});

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-onnx-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function write(name: string, bytes: number): Promise<void> {
  await mkdir(join(folder, name, '..'), { recursive: true });
  await writeFile(join(folder, name), Buffer.alloc(bytes));
}

function size(): Promise<number | null> {
  return onnxBytes({ path: join(folder, 'config.pbtxt') } as never, 'model.onnx');
}

test('the version of the highest number counts, with the weights beside its file', async () => {
  await write('2/model.onnx', 100);
  await write('10/model.onnx', 10);
  await write('10/model.onnx_data', 5000);
  await write('10/model.onnx.old', 7);
  await write('11', 1);
  expect(await size()).toBe(5010);
});

test('without a version, or without the file, nothing is known', async () => {
  expect(await size()).toBeNull();
  await write('model.onnx', 100);
  expect(await size()).toBeNull();
  await write('1/other.onnx', 100);
  expect(await size()).toBeNull();
});
