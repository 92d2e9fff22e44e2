import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepConfigText, readConfigText } from '../../../src/runs/configTexts.ts';

const text = 'name: "sentiment" # schön\r\nmax_batch_size: 8\n';
const hashOf = (of: string): string => createHash('sha256').update(of).digest('hex');
const hash = hashOf(text);
let directory = '';

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'topology-bench-texts-')), 'model-configs');
});
afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true });
});

test('a text is kept once, to the letter, for this user alone', async () => {
  await Promise.all([keepConfigText(directory, text), keepConfigText(directory, text)]);
  expect(await readdir(directory)).toEqual([hash]);
  expect((await stat(join(directory, hash))).mode & 0o777).toBe(0o600);
  expect(await readConfigText(['/no/such/folder', directory], hash)).toBe(text);
});

test('one that is gone, or that somebody has changed, is none', async () => {
  expect(await readConfigText([directory], hash)).toBeUndefined();
  await keepConfigText(directory, text);
  await writeFile(join(directory, hash), 'something else');
  expect(await readConfigText([directory], hash)).toBeUndefined();
});

test('those that no run was started with for longest are forgotten', async () => {
  await keepConfigText(directory, text);
  const nowSeconds = Date.now() / 1000;
  for (let at = 0; at < 501; at += 1) {
    const path = join(directory, hashOf(String(at)));
    await writeFile(path, String(at));
    const ageSeconds = 1_000 + at;
    await utimes(path, nowSeconds - ageSeconds, nowSeconds - ageSeconds);
  }
  await keepConfigText(directory, text);
  const left = await readdir(directory);
  expect(left).toHaveLength(500);
  expect(left).toContain(hash);
  expect(left).not.toContain(hashOf('500'));
  expect(left).toContain(hashOf('0'));
});

test('what is longer than any config is not kept', async () => {
  const long = 'x'.repeat((1 << 20) + 1);
  await keepConfigText(directory, long);
  expect(await readConfigText([directory], hashOf(long))).toBeUndefined();
});

test('a folder that cannot be made is said', async () => {
  await writeFile(directory, '');
  await expect(keepConfigText(directory, text)).rejects.toMatchObject({
    reason: 'save-failed',
    message: expect.stringContaining(directory) as string,
  });
});
