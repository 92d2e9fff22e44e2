import type * as fileSystem from 'node:fs/promises';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BenchError } from '../../../src/core/errors.ts';
import { dropClaim, passClaim, takeTurn, type Claim, type Claimant } from '../../../src/runs/claims.ts';

/** What happens just before a claim gets its name. */
let beforeRename: (path: string) => Promise<void> = async () => undefined;
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fileSystem>();
  const rename: typeof real.rename = async (from, to) => {
    await beforeRename(String(to));
    await real.rename(from, to);
  };
  return { ...real, rename };
});

let directory = '';
/** Processes that are there. */
const there = new Set<number>();
const isAlive = async ({ pid }: { readonly pid: number }): Promise<boolean> => there.has(pid);

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'topology-bench-claims-')), 'under-way');
  there.clear();
  beforeRename = async () => undefined;
});
afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true });
});

function claimant(number: number, change: Partial<Claimant> = {}): Claimant {
  there.add(number);
  return {
    runId: `20261130-080000-${String(number).padStart(4, '0')}`,
    pools: ['this machine'],
    subject: `model-${String(number)}`,
    door: 'the command line',
    folder: 'models',
    pid: number,
    startedAt: '1',
    ...change,
  };
}

/** Whether it has its turn by now, and whom it was told to wait for. */
function take(who: Claimant, signal = new AbortController().signal) {
  const told: Claim[] = [];
  const state: { path?: string } = {};
  const turn = takeTurn(directory, who, {
    isAlive,
    waits: (other) => {
      told.push(other);
    },
    signal,
  }).then((path) => (state.path = path));
  turn.catch(() => undefined);
  return { turn, told, state };
}

const names = (): Promise<string[]> => readdir(directory);

describe('a run that would use the same as one under way', () => {
  test('waits for it, is told which it is, and has its turn when that has ended', async () => {
    const first = await take(claimant(1)).turn;
    expect((await stat(first)).mode & 0o777).toBe(0o600);
    const second = take(claimant(2));
    await vi.waitFor(() => {
      expect(second.told[0]).toMatchObject({ subject: 'model-1', isUnderWay: true, pid: 1, folder: 'models' });
    });
    expect(second.state.path).toBeUndefined();
    await dropClaim(first);
    const path = await second.turn;
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ subject: 'model-2', isUnderWay: true });
    expect(await names()).toHaveLength(1);
  });

  test('waits no longer than the process of that one is there, which may not be the one that began it', async () => {
    const first = await take(claimant(1)).turn;
    there.add(11);
    await passClaim(first, { pid: 11, startedAt: null });
    there.delete(1);
    const second = take(claimant(2));
    await vi.waitFor(() => {
      expect(second.told.at(-1)?.pid).toBe(11);
    });
    there.delete(11);
    await second.turn;
    expect(await names()).toHaveLength(1);
  });

  test('can be cancelled while it waits, and is then out of the line', async () => {
    const first = await take(claimant(1)).turn;
    const stop = new AbortController();
    const second = take(claimant(2), stop.signal);
    await vi.waitFor(() => {
      expect(second.told).not.toHaveLength(0);
    });
    stop.abort();
    await expect(second.turn).rejects.toMatchObject({ reason: 'cancelled' });
    expect(await names()).toEqual([first.split('/').at(-1)]);
  });

  test('need not wait: what is said of the other one may end it', async () => {
    await take(claimant(1)).turn;
    const busy = new BenchError({ reason: 'internal', message: 'busy' });
    const waits = (): never => {
      throw busy;
    };
    const signal = new AbortController().signal;
    await expect(takeTurn(directory, claimant(2), { isAlive, waits, signal })).rejects.toBe(busy);
    expect(await names()).toHaveLength(1);
  });
});

test('runs that use nothing of the same wait for nobody', async () => {
  await take(claimant(1, { pools: ['a', 'b'] })).turn;
  await take(claimant(2, { pools: ['c'] })).turn;
  const third = take(claimant(3, { pools: ['c', 'b'] }));
  await vi.waitFor(() => {
    expect(third.told[0]?.subject).toBe('model-1');
  });
  await take(claimant(4, { pools: [] })).turn;
  expect(third.state.path).toBeUndefined();
});

test('of many that come at the same time one has its turn at a time, each in the end', async () => {
  let underWay = 0;
  let most = 0;
  const all = Array.from({ length: 6 }, async (_, at) => {
    const path = await take(claimant(at + 1)).turn;
    underWay += 1;
    most = Math.max(most, underWay);
    await sleep(5);
    underWay -= 1;
    await dropClaim(path);
  });
  await Promise.all(all);
  expect(most).toBe(1);
  expect(await names()).toEqual([]);
});

test('one that finds another behind it at its first look goes to the end of the line', async () => {
  const earlier = await take(claimant(1)).turn;
  const behind = { ...(JSON.parse(await readFile(earlier, 'utf8')) as Claim), ...claimant(2) };
  await dropClaim(earlier);
  // It has chosen number 1 when the other one, which came when there were more, takes its own, looks and begins.
  beforeRename = async (path) => {
    beforeRename = async () => undefined;
    expect(path).toContain('/1-');
    await writeFile(join(directory, `5-${behind.runId}.json`), JSON.stringify(behind));
  };
  const late = take(claimant(3));
  await vi.waitFor(() => {
    expect(late.told[0]?.subject).toBe('model-2');
  });
  expect((await names()).sort()).toEqual([`5-${behind.runId}.json`, `6-${claimant(3).runId}.json`]);
});

test('claims of another machine, and what is no claim, are left alone and keep nobody waiting', async () => {
  const path = await take(claimant(1)).turn;
  const claim = JSON.parse(await readFile(path, 'utf8')) as Claim;
  await writeFile(path, JSON.stringify({ ...claim, machine: 'elsewhere' }));
  await writeFile(join(directory, '7-x.json'), '{"half');
  await writeFile(join(directory, 'notes.txt'), 'x');
  await take(claimant(2)).turn;
  expect(await names()).toHaveLength(4);
});
