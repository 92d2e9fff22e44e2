import { afterEach, beforeEach, expect, test, vi } from 'vitest';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { RowAges } = await import('../../../src/extension/trees/rowAges.ts');

const minuteMs = 60_000;
/** Named by when it began, as runs are; it ends at once. */
const runAt = (endedAt: string) => {
  const [day = '', time = ''] = endedAt.replace(/[^\dT]/gu, '').split('T');
  return { id: `${day}-${time}-0001`, endedAt };
};

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-01-05T09:30:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

/** @returns rows as a tree has them: those in sight say their words anew whenever they are drawn again */
function rowsInSight(runs: readonly ReturnType<typeof runAt>[]) {
  const texts = new Map<string, string>();
  const inSight = new Set(runs);
  const draw = (run: ReturnType<typeof runAt>): void => {
    texts.set(run.endedAt, ages.textOf(run));
  };
  const ages = new RowAges((ids) => {
    for (const run of inSight) if (ids.has(run.id)) draw(run);
  });
  for (const run of runs) draw(run);
  return { ages, inSight, textOf: ({ endedAt }: { endedAt: string }) => texts.get(endedAt) };
}

test('of rows of different ages each keeps its own time, also when another has none any more', () => {
  const old = runAt('2026-01-03T09:40:00Z');
  const today = runAt('2026-01-05T07:45:00Z');
  const { textOf } = rowsInSight([old, today]);
  expect([old, today].map(textOf)).toEqual(['1d ago', '1h ago']);
  vi.advanceTimersByTime(10 * minuteMs);
  expect(textOf(old)).toMatch(/^Jan 3, 2026/u);
  expect(textOf(today)).toBe('1h ago');
  vi.advanceTimersByTime(5 * minuteMs);
  expect(textOf(today)).toBe('2h ago');
  vi.advanceTimersByTime(60 * minuteMs);
  expect(textOf(today)).toBe('3h ago');
});

test('a row that is no longer there leaves the others their time', () => {
  const old = runAt('2026-01-04T07:00:30Z');
  const gone = runAt('2026-01-05T09:29:30Z');
  const { inSight, textOf } = rowsInSight([old, gone]);
  inSight.delete(gone);
  expect(textOf(old)).toBe('1d ago');
  vi.advanceTimersByTime(22 * 60 * minuteMs);
  expect(textOf(old)).toMatch(/^Jan 4, 2026/u);
  expect(vi.getTimerCount()).toBe(0);
});

test('a run that began when the clock was ahead is followed all the same', () => {
  const ahead = runAt('2026-01-05T09:35:00Z');
  const { ages, textOf } = rowsInSight([ahead]);
  expect(textOf(ahead)).toBe('now');
  vi.advanceTimersByTime(8 * minuteMs);
  expect(textOf(ahead)).toBe('3m ago');
  ages.dispose();
  expect(vi.getTimerCount()).toBe(0);
});
