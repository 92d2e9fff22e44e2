import { beforeEach, describe, expect, test, vi } from 'vitest';
import { BenchError } from '../../../src/core/errors.ts';
import type { RunRecord } from '../../../src/core/record.ts';
import type { Choice, Note, Question } from '../../../src/extension/questions/pick.ts';
import type { Services } from '../../../src/extension/services.ts';
import type { PanelSubject } from '../../../src/protocol/messages.ts';
import { laterRecord, notValid, slowedBy } from '../../support/changedRecord.ts';
import { sampleEndpointRecord } from '../../support/sampleEndpoint.ts';
import { failedResult, samplePlan, sampleRecord } from '../../support/sampleRecord.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
vi.mock('../../../src/extension/questions/pick.ts', () => ({ pickOne: (question: never) => pickOne(question) }));
const { compareSelected, compareWith, compareWithBaseline, pinBaseline, unpinBaseline } =
  await import('../../../src/extension/commands/compare.ts');
const { deleteResult } = await import('../../../src/extension/commands/deleteResult.ts');

const oldest = sampleRecord();
const middle = laterRecord({ change: slowedBy(1.3) });
const newest = laterRecord({ id: '20260104-093000-0001' });
const model = { ...samplePlan().model, name: 'other' };
const ofOther = sampleRecord({ plan: samplePlan({ model }), record: { id: '20260105-093000-0001' } });
const endpoint = { ...sampleEndpointRecord(), id: '20260106-093000-0001' };
const damagedId = '20260107-093000-0001';

let records: readonly RunRecord[] = [];
let pinned: Record<string, string> = {};
let shown: { readonly subject: PanelSubject; readonly title: string }[] = [];
let inSight: string[];
let live: { readonly end: unknown; readonly subject: string } | undefined;
let deleted: string[] = [];
let hasTrash = true;
let questions: { readonly title: string; readonly offered: readonly (Choice<unknown> | Note)[] }[] = [];
/** Ids of the runs that are picked, in turn. */
let picks: string[] = [];

const pickOne = async (question: Question<unknown>): Promise<unknown> => {
  const offered = await question.choices(new AbortController().signal);
  questions.push({ title: question.title, offered });
  const wanted = picks.shift();
  const choice = offered.find((entry): entry is Choice<unknown> => 'label' in entry && entry.value === wanted);
  return choice === undefined ? { kind: 'left' } : { kind: 'value', value: choice.value };
};
const services = {
  results: {
    list: async () => records.map((record) => ({ id: record.id, record, path: '', directory: '/runs' })),
    read: async (id: string) => {
      const record = records.find((each) => each.id === id);
      if (record !== undefined) return record;
      const message =
        id === damagedId
          ? 'The run record x.json cannot be read: it was written by a newer version of Topology Bench (record version 2). Update Topology Bench to read it; no other record is affected.'
          : `There is no run record ${id}.`;
      throw new BenchError({ reason: 'record-unreadable', message });
    },
    delete: async ({ id }: { id: string }, how: string) => {
      if (how === 'to-trash' && !hasTrash) throw new Error('There is no trash.');
      deleted.push(`${id} ${how}`);
    },
  },
  baselines: {
    of: ({ plan }: RunRecord) => pinned['model' in plan ? plan.model.name : plan.target.name],
    isBaseline: (id: string) => Object.values(pinned).includes(id),
    all: () => Object.fromEntries(Object.entries(pinned).map(([name, id]) => [`model ${name}`, id])),
    pin: async ({ plan, id }: RunRecord) => {
      pinned = { ...pinned, ['model' in plan ? plan.model.name : plan.target.name]: id };
    },
    unpin: async (runId: string) => {
      pinned = Object.fromEntries(Object.entries(pinned).filter(([, id]) => id !== runId));
    },
  },
  runs: { get: () => live, active: () => [] },
  panels: {
    inSight: () => inSight,
    show: (subject: PanelSubject, title: string) => shown.push({ subject, title }),
  },
} as unknown as Services;

beforeEach(() => {
  records = [endpoint, ofOther, newest, middle, oldest];
  pinned = {};
  shown = [];
  inSight = [];
  live = undefined;
  deleted = [];
  hasTrash = true;
  fakeVscode.env.remoteName = undefined;
  fakeVscode.workspace.isTrusted = true;
  questions = [];
  picks = [];
  vi.clearAllMocks();
});

const node = (id: string) => ({ result: { id, path: `/runs/${id}.json`, directory: '/runs' } });
const labels = (offered: readonly (Choice<unknown> | Note)[]): string[] =>
  offered.map((entry) => ('label' in entry ? entry.label.split(' · ')[0] : `(${entry.note})`) ?? '');

describe('Compare with…', () => {
  test('offers the runs of the same model first, newest first, and marks the baseline', async () => {
    pinned = { 'tiny-sentiment': oldest.id };
    picks = [oldest.id];
    await compareWith(node(middle.id), services);
    const [{ title, offered } = { title: '', offered: [] }] = questions;
    expect(title).toMatch(/^Compare tiny-sentiment · Jan 3, 2026, .* with…$/u);
    expect(offered.flatMap((entry) => ('label' in entry ? [entry.value] : []))).toEqual([
      newest.id,
      oldest.id,
      ofOther.id,
    ]);
    expect(offered[1]).toMatchObject({ description: 'baseline' });
    expect(labels(offered).at(-1)).toBe('(1 run on an endpoint cannot be compared with a run of deployed topologies)');
  });

  test('shows the older run as the one before, whichever it was called on', async () => {
    picks = [oldest.id, newest.id];
    await compareWith(node(middle.id), services);
    await compareWith(middle.id, services);
    expect(shown.map(({ subject }) => subject)).toEqual([
      { runId: middle.id, before: oldest.id },
      { runId: newest.id, before: middle.id },
    ]);
    expect(shown[0]?.title).toMatch(/^tiny-sentiment · Jan 2, 2026, .* ↔ Jan 3, 2026, /u);
  });

  test('takes the run of the only panel in sight and says which it is, else asks for both', async () => {
    inSight = [newest.id];
    picks = [oldest.id];
    await compareWith(undefined, services);
    expect(questions.map(({ title }) => title)).toEqual([
      expect.stringMatching(/^Compare tiny-sentiment · Jan 4, 2026, .* with…$/u),
    ]);
    inSight = [];
    picks = [middle.id, oldest.id];
    await compareWith(undefined, services);
    expect(questions).toHaveLength(3);
    expect(shown.map(({ subject }) => subject)).toEqual([
      { runId: newest.id, before: oldest.id },
      { runId: middle.id, before: oldest.id },
    ]);
  });

  test('asks which run is meant where several are in sight, those first', async () => {
    inSight = [oldest.id, middle.id];
    picks = [oldest.id, newest.id];
    await compareWith(undefined, services);
    const [{ title, offered } = { title: '', offered: [] }] = questions;
    expect(title).toBe('Compare with…');
    expect(offered.flatMap((entry) => ('label' in entry ? [[entry.value, entry.description]] : []))).toEqual([
      [middle.id, 'shown in a panel'],
      [oldest.id, 'shown in a panel'],
      [endpoint.id, undefined],
      [ofOther.id, undefined],
      [newest.id, undefined],
    ]);
    expect(shown.map(({ subject }) => subject)).toEqual([{ runId: newest.id, before: oldest.id }]);
  });

  test('opens nothing when the user leaves', async () => {
    await compareWith(node(middle.id), services);
    await compareWith(undefined, services);
    expect(shown).toEqual([]);
  });

  test('says that there is no other run', async () => {
    records = [oldest, endpoint];
    await expect(compareWith(oldest.id, services)).rejects.toMatchObject({
      message: expect.stringMatching(/^There is no other run to compare tiny-sentiment · Jan 2/u) as string,
      nextStep: 'Benchmark again to have one.',
    });
  });

  test('says so of a run that is still under way, and takes one that could not be saved', async () => {
    live = { subject: 'sentiment', end: null };
    await expect(compareWith('20260109-093000-0001', services)).rejects.toThrow(
      'The run of sentiment is still under way.',
    );
    const unsaved = laterRecord({ id: '20260109-093000-0001' });
    services.runs.get = ((id: string) =>
      id === unsaved.id ? { subject: 'sentiment', end: { record: unsaved } } : undefined) as never;
    picks = [oldest.id];
    await compareWith(unsaved.id, services);
    expect(shown.at(-1)?.subject).toEqual({ runId: unsaved.id, before: oldest.id });
    services.runs.get = (() => live) as never;
  });
});

describe('Compare Selected', () => {
  test('compares the two, the older one before', async () => {
    await compareSelected([node(newest.id), node(oldest.id)], services);
    expect(shown.map(({ subject }) => subject)).toEqual([{ runId: newest.id, before: oldest.id }]);
  });

  test.each([
    [undefined, '0 are'],
    [[node(newest.id)], '1 is'],
    [[node(newest.id), node(middle.id), node(oldest.id)], '3 are'],
  ])('wants two results, no more and no fewer', async (selected, words) => {
    await expect(compareSelected(selected, services)).rejects.toMatchObject({
      message: `Two results are compared, and ${words} selected.`,
    });
    expect(shown).toEqual([]);
  });

  test('refuses an endpoint beside deployed topologies, with the reasons', async () => {
    await expect(compareSelected([node(endpoint.id), node(oldest.id)], services)).rejects.toMatchObject({
      reason: 'not-meant-for',
      message: expect.stringMatching(
        /^The runs of Jan 2, .* and Jan 6, .* cannot be compared: .*it runs on a cluster in one and an endpoint in the other/u,
      ) as string,
    });
    const again = { ...endpoint, id: '20260110-093000-0001' };
    records = [again, ...records];
    await compareSelected([node(endpoint.id), node(again.id)], services);
    expect(shown.map(({ subject }) => subject)).toEqual([{ runId: again.id, before: endpoint.id }]);
  });

  test('says of a record that cannot be read which it is and why', async () => {
    await expect(compareSelected([node(damagedId), node(oldest.id)], services)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^The run of Jan 7, 2026, .* cannot be compared: .*newer version of Topology Bench.*Update Topology Bench/u,
      ) as string,
    });
    expect(shown).toEqual([]);
  });
});

describe('a baseline', () => {
  const said = () => fakeVscode.window.showInformationMessage.mock.calls.map(([text]) => text);

  test('is pinned, compared with as the run before, and let go of', async () => {
    await pinBaseline(node(newest.id), services);
    expect(said()).toEqual([
      expect.stringMatching(/^The run of Jan 4, 2026, .* is the baseline of tiny-sentiment now\.$/u),
    ]);
    await compareWithBaseline(node(oldest.id), services);
    expect(shown.map(({ subject }) => subject)).toEqual([{ runId: oldest.id, before: newest.id }]);
    await unpinBaseline(node(newest.id), services);
    expect(pinned).toEqual({});
  });

  test('says which run it is from now on, and which it was', async () => {
    inSight = [middle.id];
    await pinBaseline(undefined, services);
    await pinBaseline(node(oldest.id), services);
    expect(pinned).toEqual({ 'tiny-sentiment': oldest.id });
    expect(said()).toEqual([
      expect.stringMatching(/^The run of Jan 3, 2026, .* is the baseline of tiny-sentiment now\.$/u),
      expect.stringMatching(
        /^The run of Jan 2, 2026, .* is the baseline of tiny-sentiment now, in the place of that of Jan 3, 2026, .*\.$/u,
      ),
    ]);
  });

  test.each<[string, RunRecord, RegExp]>([
    [
      'failed before it had numbers',
      sampleRecord({ change: (result) => failedResult(result), record: { status: 'failed' } }),
      /: it has no numbers \(the topology failed: fastapi ended while it was waited for: OOMKilled/u,
    ],
    [
      'was cancelled before it had numbers',
      sampleRecord({ change: (result) => failedResult(result, 'cancelled'), record: { status: 'cancelled' } }),
      /: it has no numbers \(the topology cancelled: Cancelled while loading fastapi\)\.$/u,
    ],
    [
      'has no valid number',
      sampleRecord({ change: (result) => ({ ...result, phases: result.phases.map(notValid) }) }),
      /: none of its numbers is valid \(the load generator was late\)\.$/u,
    ],
  ])('is no run that %s', async (_what, run, says) => {
    pinned = { 'tiny-sentiment': newest.id };
    records = [newest, run];
    await expect(pinBaseline(node(run.id), services)).rejects.toMatchObject({
      message: expect.stringMatching(/^The run tiny-sentiment · Jan 2, 2026, .* cannot be a baseline: /u) as string,
      nextStep: 'Pin a run with valid numbers; Compare with… shows any two beside each other.',
    });
    await expect(pinBaseline(node(run.id), services)).rejects.toThrow(says);
    expect(pinned).toEqual({ 'tiny-sentiment': newest.id });
    expect(said()).toEqual([]);
  });

  test('may be a run of which one topology failed', async () => {
    const partial = sampleRecord({
      change: (result) => (result.topology.name === 'triton' ? failedResult(result) : result),
      record: { status: 'failed' },
    });
    records = [partial];
    await pinBaseline(node(partial.id), services);
    expect(pinned).toEqual({ 'tiny-sentiment': partial.id });
  });

  test('that is missing, or is the run itself, is said with what to do', async () => {
    await expect(compareWithBaseline(oldest.id, services)).rejects.toMatchObject({
      message: 'No run of tiny-sentiment is pinned as its baseline.',
      nextStep: 'Choose Pin as Baseline on one in the Results view.',
    });
    await pinBaseline(oldest.id, services);
    await expect(compareWithBaseline(oldest.id, services)).rejects.toMatchObject({
      reason: 'not-meant-for',
      message: expect.stringContaining('is itself the baseline') as string,
    });
    pinned = { 'tiny-sentiment': '20250101-000000-0000' };
    await expect(compareWithBaseline(oldest.id, services)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^The baseline of tiny-sentiment cannot be read\. The run of (Jan 1, 2025|Dec 31, 2024), .*There is no run record/u,
      ) as string,
      nextStep: 'Choose Pin as Baseline on another run, or Unpin Baseline.',
    });
  });

  test('is let go of from the palette even where its record is gone', async () => {
    await expect(unpinBaseline(undefined, services)).rejects.toThrow('No run is pinned as a baseline.');
    pinned = { 'tiny-sentiment': '20250101-000000-0000' };
    picks = ['20250101-000000-0000'];
    await unpinBaseline(undefined, services);
    expect(labels(questions.at(-1)?.offered ?? [])).toEqual(['tiny-sentiment']);
    expect(pinned).toEqual({});
  });

  test('is no baseline any more once it is deleted, which is said before', async () => {
    pinned = { 'tiny-sentiment': oldest.id };
    const dialog = fakeVscode.window.showWarningMessage;
    await deleteResult(node(oldest.id), undefined, services);
    expect(dialog.mock.calls[0]?.[1]).toMatchObject({
      detail: expect.stringMatching(/^Others are held against the one of Jan 2, 2026/u) as string,
    });
    expect([deleted, pinned]).toEqual([[], { 'tiny-sentiment': oldest.id }]);
    dialog.mockResolvedValueOnce('Delete');
    await deleteResult(node(oldest.id), undefined, services);
    expect([deleted, pinned]).toEqual([[`${oldest.id} to-trash`], {}]);
  });
});

describe('Delete Result', () => {
  const dialog = fakeVscode.window.showWarningMessage;
  const both = [node(oldest.id), node(middle.id)];

  test('moves all that are selected to the trash, after one question, and says so', async () => {
    dialog.mockResolvedValueOnce('Delete');
    await deleteResult(node(oldest.id), both, services);
    expect(dialog.mock.calls.map(([question]) => question)).toEqual([
      'Delete 2 results? Their records are moved to the trash.',
    ]);
    expect(dialog.mock.calls[0]?.[1]).toEqual({ modal: true });
    expect(deleted).toEqual([`${oldest.id} to-trash`, `${middle.id} to-trash`]);
    expect(fakeVscode.window.setStatusBarMessage).toHaveBeenLastCalledWith('2 records are moved to the trash.', 5000);
  });

  test('says that they go for good where the files are of another machine, which has no trash', async () => {
    fakeVscode.env.remoteName = 'ssh-remote';
    dialog.mockResolvedValueOnce('Delete');
    await deleteResult(node(oldest.id), undefined, services);
    expect(dialog.mock.calls[0]?.[0]).toMatch(
      /^Delete the result of Jan 2, 2026, .*\? Its record is removed from the disk for good\.$/u,
    );
    expect(deleted).toEqual([`${oldest.id} for-good`]);
    expect(fakeVscode.window.setStatusBarMessage).not.toHaveBeenCalled();
  });

  test('asks once more before it deletes for good what the trash did not take', async () => {
    hasTrash = false;
    dialog.mockResolvedValueOnce('Delete');
    await deleteResult(node(oldest.id), both, services);
    expect(deleted).toEqual([]);
    expect(dialog.mock.lastCall).toEqual([
      expect.stringMatching(/^The trash did not take the results of Jan 2, .*, Jan 3, .*\. Delete them for good\?$/u),
      { modal: true, detail: 'There is no trash.' },
      'Delete for Good',
    ]);
    dialog.mockResolvedValueOnce('Delete').mockResolvedValueOnce('Delete for Good');
    await deleteResult(node(oldest.id), both, services);
    expect(deleted).toEqual([`${oldest.id} for-good`, `${middle.id} for-good`]);
  });

  test('deletes nothing in a workspace that is not trusted, and says so', async () => {
    fakeVscode.workspace.isTrusted = false;
    await deleteResult(node(oldest.id), undefined, services);
    expect(dialog.mock.calls.map(([text]) => text)).toEqual([
      'Topology Bench runs, deploys and deletes nothing from a workspace that you do not trust.',
    ]);
    expect(deleted).toEqual([]);
  });

  test('by a key while nothing is selected says so', async () => {
    await expect(deleteResult(undefined, [], services)).rejects.toMatchObject({ reason: 'nothing-there' });
    expect(dialog).not.toHaveBeenCalled();
  });
});
