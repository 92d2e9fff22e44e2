import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Leftover } from '../../../src/core/cluster.ts';
import { deployNote } from '../../../src/extension/deployNote.ts';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import type { UnfinishedRun } from '../../../src/extension/memory.ts';
import type { Services } from '../../../src/extension/services.ts';
import { fakeVscode, trustGranted, useDefaults } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { cleanUp, offerLeftBehind } = await import('../../../src/extension/commands/cleanUp.ts');
const { lookForLeftBehind } = await import('../../../src/extension/lookForLeftBehind.ts');

const now = Date.parse('2026-11-24T21:00:00Z');
const minutesAgo = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();
const place = { context: 'kind-x', namespace: 'team-a' };
const noted = (runId: string, startedAt: string): UnfinishedRun => ({ ...place, runId, startedAt });
const left = (id: string, inUse = false): Leftover => ({
  kind: 'run',
  id,
  namespace: place.namespace,
  createdAt: minutesAgo(5),
  objects: [{ kind: 'ConfigMap', name: `tb-${id}`, uid: id }],
  gpus: 1,
  inUse,
  leftBehind: !inUse,
});
const deployment = (id: string, state: Partial<Leftover>): Leftover => ({ ...left(id), kind: 'deployment', ...state });

let unfinished: UnfinishedRun[] = [];
let onCluster: Leftover[] = [];
const asked = vi.fn();
const removed: string[] = [];
let kept: string[] = [];
const permitsRemoval = vi.fn<(...parts: unknown[]) => Promise<boolean>>(async () => true);
const services = {
  memory: {
    unfinished: () => unfinished,
    async forgetUnfinished(runId: string) {
      unfinished = unfinished.filter((run) => run.runId !== runId);
    },
  },
  runs: { active: () => [{ id: 'own' }] },
  cluster: {
    current: async () => ({ context: 'other', namespace: 'default' }),
    async leftovers(where: unknown) {
      asked(where);
      return onCluster;
    },
    async removeLeftovers(_where: unknown, leftovers: readonly Leftover[]) {
      removed.push(...leftovers.map(({ id }) => id));
      return { removed: leftovers.length - kept.length, kept };
    },
    changed: () => undefined,
  },
  protection: { permitsRemoval: (...parts: unknown[]) => permitsRemoval(...parts) },
  failures: { note: vi.fn(), show: vi.fn() },
  log: { info: () => undefined },
} as unknown as Services;

beforeEach(() => {
  vi.clearAllMocks();
  vi.useFakeTimers({ now });
  useDefaults(settingDefaults);
  fakeVscode.workspace.isTrusted = true;
  unfinished = [];
  onCluster = [];
  removed.length = 0;
  kept = [];
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the notes of unfinished runs', () => {
  test('outlast a look at the cluster while the run of another window may have made nothing yet', async () => {
    unfinished = [
      noted('in-preflight', minutesAgo(14)),
      noted('long-gone', minutesAgo(16)),
      noted('of-a-clock-set-back', minutesAgo(-60)),
      noted('without-a-time', ''),
      noted('own', minutesAgo(60)),
      { ...noted('elsewhere', minutesAgo(60)), namespace: 'team-b' },
    ];
    await cleanUp(place, services);
    expect(unfinished.map(({ runId }) => runId)).toEqual(['in-preflight', 'own', 'elsewhere']);
  });

  test('stay as long as something of the run is there', async () => {
    unfinished = [noted('left', minutesAgo(600))];
    onCluster = [left('left', true)];
    await offerLeftBehind(services, new Set());
    expect(unfinished).toHaveLength(1);
  });
});

test('Clean Up looks where it was called on, else at the current place', async () => {
  await cleanUp({ kind: 'kubernetes', ...place, createNamespace: false }, services);
  expect(asked).toHaveBeenLastCalledWith(place);
  await cleanUp(undefined, services);
  expect(asked).toHaveBeenLastCalledWith({ context: 'other', namespace: 'default' });
});

describe('Clean Up', () => {
  test('ticks what was left behind, and not a deployment that came up and was made to stay', async () => {
    onCluster = [
      left('left'),
      deployment('up', { leftBehind: false }),
      deployment('half-made', { leftBehind: true }),
      deployment('under-way', { inUse: true, leftBehind: false }),
    ];
    await cleanUp(place, services);
    const [items] = fakeVscode.window.showQuickPick.mock.lastCall as [{ label: string; picked: boolean }[]];
    expect(items.map(({ label, picked }) => [label, picked])).toEqual([
      ['Benchmark run left', true],
      ['Deployment up', false],
      ['Unfinished deployment half-made', true],
    ]);
  });

  test('says since when each is there, as all times of VS Code are said', async () => {
    onCluster = [left('20261124-093000-0a0a'), deployment('up', { leftBehind: false })];
    await cleanUp(place, services);
    const [items] = fakeVscode.window.showQuickPick.mock.lastCall as [{ description: string }[]];
    const times = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
    expect(items.map(({ description }) => description)).toEqual([
      `since ${times.format(new Date('2026-11-24T09:30:00Z'))}, 1 GPU`,
      `since ${times.format(new Date(minutesAgo(5)))}, 1 GPU`,
    ]);
  });

  test('does not say that nothing is there of what was given up a moment ago, and looks again', async () => {
    onCluster = [deployment('half-made', { inUse: true, leftBehind: false })];
    fakeVscode.window.showInformationMessage.mockImplementationOnce(async () => {
      onCluster = [deployment('half-made', { leftBehind: true })];
      return 'Look Again';
    });
    await cleanUp(place, services);
    expect(fakeVscode.window.showInformationMessage.mock.calls[0]?.[0]).toMatch(
      /^What is there of Topology Bench on kind-x\/team-a is looked after, or was less than a minute ago: half-made\./u,
    );
    const [items] = fakeVscode.window.showQuickPick.mock.lastCall as [{ label: string }[]];
    expect(items.map(({ label }) => label)).toEqual(['Unfinished deployment half-made']);
  });

  test('says which namespace stays, and why', async () => {
    onCluster = [left('left')];
    kept = ['The namespace made stays: theirs lives there.'];
    fakeVscode.window.showQuickPick.mockImplementationOnce(async (items: unknown) => items);
    await cleanUp(place, services);
    expect(fakeVscode.window.showWarningMessage).toHaveBeenCalledWith(
      'Removed 1 leftover. The namespace made stays: theirs lives there.',
    );
    expect(fakeVscode.window.showInformationMessage).not.toHaveBeenCalled();
  });
});

describe('a Deploy that was cut off', () => {
  const note = { ...deployNote(place), startedAt: minutesAgo(60) };

  test('is offered for removal with the GPU that it holds', async () => {
    unfinished = [note];
    onCluster = [deployment('half-made', { leftBehind: true }), deployment('up', { leftBehind: false })];
    fakeVscode.window.showWarningMessage.mockResolvedValueOnce('Clean Up');
    await offerLeftBehind(services, new Set());
    await vi.waitFor(() => {
      expect(removed).toEqual(['half-made']);
    });
    expect(fakeVscode.window.showWarningMessage.mock.calls[0]?.[0]).toBe(
      'A window that closed has left 1 unfinished deployment behind on kind-x/team-a. GPUs still held: 1.',
    );
    // Its note stays for as long as something half made is there.
    expect(unfinished).toEqual([note]);
    onCluster = [deployment('up', { leftBehind: false })];
    await offerLeftBehind(services, new Set());
    expect(unfinished).toEqual([]);
  });

  test('is looked for again while another window may still be at it', async () => {
    unfinished = [note];
    onCluster = [deployment('under-way', { inUse: true, leftBehind: false })];
    expect(await offerLeftBehind(services, new Set())).toBe(true);
    expect(fakeVscode.window.showWarningMessage).not.toHaveBeenCalled();
    expect(unfinished).toEqual([note]);
  });
});

describe('what a closed window left behind', () => {
  beforeEach(() => {
    unfinished = [noted('left', minutesAgo(1))];
    onCluster = [left('left')];
  });

  test('is offered once, and removed when the user says so', async () => {
    fakeVscode.window.showWarningMessage.mockResolvedValueOnce('Clean Up');
    const offered = new Set<string>();
    await offerLeftBehind(services, offered);
    await vi.waitFor(() => {
      expect(unfinished).toEqual([]);
    });
    expect(removed).toEqual(['left']);
    unfinished = [noted('left', minutesAgo(1))];
    await offerLeftBehind(services, offered);
    expect(fakeVscode.window.showWarningMessage).toHaveBeenCalledTimes(1);
  });

  test('is counted by its kind, each in a sentence', async () => {
    onCluster = [left('left'), left('other'), deployment('half-made', { leftBehind: true, gpus: 0 })];
    permitsRemoval.mockResolvedValueOnce(false);
    fakeVscode.window.showWarningMessage.mockResolvedValueOnce('Clean Up');
    await offerLeftBehind(services, new Set());
    expect(fakeVscode.window.showWarningMessage.mock.calls[0]?.[0]).toBe(
      'A window that closed has left 2 benchmark runs behind on kind-x/team-a. A window that closed has left 1 unfinished deployment behind on kind-x/team-a. GPUs still held: 2.',
    );
    await vi.waitFor(() => {
      expect(permitsRemoval).toHaveBeenCalledWith('kind-x', 'Remove 3 leftovers from kind-x/team-a.');
    });
  });

  test('stays on a protected context whose name is not typed', async () => {
    permitsRemoval.mockResolvedValueOnce(false);
    fakeVscode.window.showWarningMessage.mockResolvedValueOnce('Clean Up');
    await offerLeftBehind(services, new Set());
    await vi.waitFor(() => {
      expect(permitsRemoval).toHaveBeenCalledWith('kind-x', 'Remove 1 leftover from kind-x/team-a.');
    });
    await vi.advanceTimersByTimeAsync(1_000);
    expect([removed, unfinished.length]).toEqual([[], 1]);
  });

  test('is looked for after activation, never in it', async () => {
    const looking = lookForLeftBehind(services);
    expect(asked).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2_900);
    expect(asked).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toHaveBeenCalledWith(place);
    looking.dispose();
  });

  test('is looked for again while the window that has just closed may still hold it', async () => {
    onCluster = [left('left', true)];
    const looking = lookForLeftBehind(services);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(fakeVscode.window.showWarningMessage).not.toHaveBeenCalled();
    onCluster = [left('left')];
    await vi.advanceTimersByTimeAsync(70_000);
    expect(fakeVscode.window.showWarningMessage).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(asked).toHaveBeenCalledTimes(2);
    looking.dispose();
  });

  test('is looked for when the workspace becomes trusted, and not before', async () => {
    fakeVscode.workspace.isTrusted = false;
    const looking = lookForLeftBehind(services);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(asked).not.toHaveBeenCalled();
    fakeVscode.workspace.isTrusted = true;
    trustGranted.fire(undefined);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(fakeVscode.window.showWarningMessage).toHaveBeenCalledTimes(1);
    looking.dispose();
  });

  test('asks no cluster where no run is noted', async () => {
    unfinished = [];
    const looking = lookForLeftBehind(services);
    trustGranted.fire(undefined);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(asked).not.toHaveBeenCalled();
    looking.dispose();
  });

  test('is not looked for by a window that has closed', async () => {
    lookForLeftBehind(services).dispose();
    trustGranted.fire(undefined);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(asked).not.toHaveBeenCalled();
  });
});
