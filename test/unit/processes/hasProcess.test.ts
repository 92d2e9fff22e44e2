import { spawnSync } from 'node:child_process';
import { afterEach, expect, test, vi } from 'vitest';
import { hasProcess } from '../../../src/processes/hasProcess.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('a process is there while it runs, and not when it has ended', () => {
  expect(hasProcess(process.pid)).toBe(true);
  const ended = spawnSync(process.execPath, ['-e', '']);
  expect(hasProcess(ended.pid)).toBe(false);
});

test('one of another user is there, too', () => {
  const answer = (code: string): void => {
    vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error(`kill ${code}`), { code });
    });
  };
  answer('EPERM');
  expect(hasProcess(1)).toBe(true);
  answer('ESRCH');
  expect(hasProcess(1)).toBe(false);
});
