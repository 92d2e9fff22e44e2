import { expect, test, vi } from 'vitest';
import type { LiveRun, Runs } from '../../../src/extension/runs.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { showRunBadge } = await import('../../../src/extension/trees/runBadge.ts');

const underWay = { state: {} } as LiveRun;
const waiting = { state: null } as LiveRun;

test('the badge counts the benchmarks of this window while there are any, and changes only with them', () => {
  let active: readonly LiveRun[] = [];
  const changed = new fakeVscode.EventEmitter<LiveRun>();
  const set = vi.fn();
  let badge: unknown;
  const view = {
    get badge() {
      return badge as undefined;
    },
    set badge(value: undefined) {
      badge = value;
      set(value);
    },
  };
  showRunBadge(view, { active: () => active, onDidChange: changed.event as Runs['onDidChange'] });
  const now = (...runs: readonly LiveRun[]): void => {
    active = runs;
    changed.fire(underWay);
  };
  now(underWay);
  now(underWay);
  now(underWay);
  expect(set.mock.calls).toEqual([[{ value: 1, tooltip: '1 benchmark under way' }]]);
  now(underWay, waiting);
  expect(badge).toEqual({ value: 2, tooltip: '1 benchmark under way, 1 waiting' });
  now(underWay, underWay, waiting);
  expect(badge).toEqual({ value: 3, tooltip: '2 benchmarks under way, 1 waiting' });
  now();
  now();
  expect(badge).toBeUndefined();
  expect(set).toHaveBeenCalledTimes(4);
});
