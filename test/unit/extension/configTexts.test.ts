import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LogOutputChannel } from 'vscode';
import type { ModelConfig } from '../../../src/core/record.ts';
import { cachedConfigTexts, keepConfigText } from '../../../src/runs/configTexts.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
vi.mock('../../../src/extension/engine.ts', () => ({
  loadEngine: () => import('../../../src/runs/configTexts.ts'),
  loadRecords: () => import('../../../src/runs/index.ts'),
}));
const { ConfigTexts } = await import('../../../src/extension/configTexts.ts');

const configOf = (text: string): ModelConfig => ({
  format: 'config.pbtxt',
  sha256: createHash('sha256').update(text).digest('hex'),
  settingsSha256: null,
});
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-config-texts-'));
  vi.stubEnv('TOPOLOGY_BENCH_CACHE', join(folder, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test('texts of this workspace and of the command line are found by what a record says of them, and no others', async () => {
  const storage = fakeVscode.Uri.file(join(folder, 'storage')) as never;
  const texts = new ConfigTexts(storage, {} as LogOutputChannel);
  await texts.keep('max_batch_size: 8\n');
  await keepConfigText(cachedConfigTexts(), 'max_batch_size: 16\n');
  const kept = (text: string): Promise<string | undefined> => texts.of({ modelConfig: configOf(text) });
  expect(await kept('max_batch_size: 8\n')).toBe('max_batch_size: 8\n');
  expect(await kept('max_batch_size: 16\n')).toBe('max_batch_size: 16\n');
  expect(await kept('max_batch_size: 32\n')).toBeUndefined();
  expect(await texts.of({ modelConfig: null })).toBeUndefined();
});
