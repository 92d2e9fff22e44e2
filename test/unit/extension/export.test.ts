import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LogOutputChannel } from 'vscode';
import { recordCsv } from '../../../src/core/view/csv.ts';
import { recordMarkdown } from '../../../src/core/view/markdown.ts';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import type { Memory } from '../../../src/extension/memory.ts';
import type { Choice, Question } from '../../../src/extension/questions/pick.ts';
import type { Services } from '../../../src/extension/services.ts';
import { parseRecord } from '../../../src/runs/store.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';
import { fakeVscode, settingsOf, useDefaults } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
vi.mock('../../../src/extension/questions/pick.ts', () => ({ pickOne: (question: never) => pickOne(question) }));
vi.mock('../../../src/extension/engine.ts', () => ({
  loadRecords: () => import('../../../src/runs/index.ts'),
  loadEngine: async () => ({
    ...(await import('../../../src/engine/index.ts')),
    // The page's own scripts are built only with the whole; test/unit/webview looks at what they make of it.
    reportPage: async (records: readonly { readonly id: string }[], price: unknown, root: string) =>
      `${records.map(({ id }) => id).join()} ${JSON.stringify(price)} ${root}`,
  }),
}));
const { copyMarkdown, exportAs, exportResult } = await import('../../../src/extension/commands/export.ts');
const { createPanelContent } = await import('../../../src/extension/panelContent.ts');
const { saveChart } = await import('../../../src/extension/saveChart.ts');

const record = sampleRecord();
const other = sampleRecord({ record: { id: '20260103-093000-0001' } });
const stem = `tiny-sentiment-${record.id}`;
const { Uri } = fakeVscode;

let folder: string;
let kept: string | undefined;
let inSight: string[];
let live: { id: string; subject: string; plan?: unknown; end: unknown }[];
/** What is chosen, by value; undefined: nothing. */
let chosen: unknown;
let asked: { readonly title: string; readonly values: readonly unknown[] }[];

const pickOne = async (question: Question<unknown>): Promise<unknown> => {
  const choices = await question.choices(new AbortController().signal);
  const values = choices.filter((choice): choice is Choice<unknown> => 'value' in choice).map(({ value }) => value);
  asked.push({ title: question.title, values });
  return chosen === undefined ? { kind: 'left' } : { kind: 'value', value: chosen };
};
const memory = {
  exportFolder: () => kept,
  rememberExportFolder: async (uri: string) => {
    kept = uri;
  },
} as unknown as Memory;
const services = {
  extension: { path: '/extension', version: '0.1.0' },
  memory,
  panels: { inSight: () => inSight },
  runs: {
    active: () => live.filter(({ end }) => end === null),
    get: (id: string) => live.find((run) => run.id === id),
  },
  results: {
    list: async () => [record, other].map((each) => ({ id: each.id, record: each, path: '', directory: '' })),
    read: async (id: string) => [record, other].find((each) => each.id === id),
  },
} as unknown as Services;
const node = { id: 'result', result: { id: record.id, record, path: '', directory: '' } };

beforeEach(async () => {
  vi.clearAllMocks();
  useDefaults(settingDefaults);
  settingsOf.clear();
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-export-'));
  fakeVscode.workspace.workspaceFolders = [{ uri: Uri.file(folder) }];
  [kept, inSight, live, chosen, asked] = [undefined, [], [], undefined, []];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Saves where the dialog proposes, or below another folder. @returns what the dialog was opened with */
function saveAt(place?: string): { proposed: () => string; title: () => string; kinds: () => unknown } {
  fakeVscode.window.showSaveDialog.mockImplementationOnce(async ({ defaultUri }) =>
    place === undefined ? defaultUri : Uri.file(join(place, defaultUri.fsPath.split('/').at(-1) ?? '')),
  );
  const options = (): Parameters<typeof fakeVscode.window.showSaveDialog>[0] => {
    const [last] = fakeVscode.window.showSaveDialog.mock.lastCall ?? [];
    if (last === undefined) throw new Error('No dialog was opened.');
    return last;
  };
  return {
    proposed: () => options().defaultUri.fsPath,
    title: () => options().title,
    kinds: () => options().filters,
  };
}

describe('a result of the tree', () => {
  test('goes as CSV where the user says, under a name that says what it is', async () => {
    const dialog = saveAt();
    await exportAs('csv', node, services);
    expect(dialog.title()).toMatch(/^Export as CSV: tiny-sentiment · Jan 2, 2026, /u);
    expect(dialog.kinds()).toEqual({ CSV: ['csv'] });
    expect(dialog.proposed()).toBe(join(folder, `${stem}.csv`));
    expect(await readFile(join(folder, `${stem}.csv`), 'utf8')).toBe(recordCsv(record));
    expect(fakeVscode.window.showInformationMessage).toHaveBeenCalledWith(`Saved ${stem}.csv.`, 'Open');
  });

  test('goes as JSON that is a run record again', async () => {
    saveAt();
    await exportAs('json', node, services);
    const file = join(folder, `${stem}.json`);
    expect(parseRecord(file, await readFile(file, 'utf8'))).toEqual(record);
  });

  test('goes as a report at the price of the settings, and opens in the browser of this machine', async () => {
    settingsOf.set('', { gpuHourPrice: 2.5, currency: 'EUR' });
    saveAt();
    fakeVscode.window.showInformationMessage.mockResolvedValueOnce('Open in Browser');
    await exportAs('html', node, services);
    const file = join(folder, `${stem}.html`);
    expect(await readFile(file, 'utf8')).toBe(`${record.id} {"perGpuHour":2.5,"currency":"EUR"} /extension`);
    await vi.waitFor(() => {
      expect(fakeVscode.env.openExternal.mock.lastCall?.[0].fsPath).toBe(file);
    });
  });

  test('goes as Markdown to the clipboard, which is said', async () => {
    settingsOf.set('', { gpuHourPrice: 2.5, currency: 'EUR' });
    await copyMarkdown(node, services);
    const text = recordMarkdown(record, { perGpuHour: 2.5, currency: 'EUR' });
    expect(fakeVscode.env.clipboard.writeText).toHaveBeenCalledExactlyOnceWith(text);
    expect(fakeVscode.window.setStatusBarMessage.mock.lastCall?.[0]).toMatch(
      /^Copied tiny-sentiment · Jan 2, 2026, .* as Markdown$/u,
    );
    expect(asked).toEqual([]);
  });
});

describe('where an export goes', () => {
  test('is proposed where the last one went, as long as that folder is there', async () => {
    const reports = join(folder, 'reports');
    await mkdir(reports);
    saveAt(reports);
    await exportAs('csv', node, services);
    const second = saveAt();
    await exportAs('json', node, services);
    expect(second.proposed()).toBe(join(reports, `${stem}.json`));
    await rm(reports, { recursive: true });
    const third = saveAt();
    await exportAs('csv', node, services);
    expect(third.proposed()).toBe(join(folder, `${stem}.csv`));
  });

  test('is the home folder where no folder is open', async () => {
    fakeVscode.workspace.workspaceFolders = undefined;
    fakeVscode.window.showSaveDialog.mockResolvedValueOnce(undefined);
    await exportAs('csv', node, services);
    const [options] = fakeVscode.window.showSaveDialog.mock.lastCall ?? [];
    expect(options?.defaultUri.fsPath).toBe(join(process.env['HOME'] ?? '', `${stem}.csv`));
  });

  test('is nowhere when the dialog is left: nothing is written, said or remembered', async () => {
    await exportAs('csv', node, services);
    expect(await readdir(folder)).toEqual([]);
    expect(fakeVscode.window.showInformationMessage).not.toHaveBeenCalled();
    expect(kept).toBeUndefined();
  });

  test('can be a place that takes no file, which is said with the reason', async () => {
    await writeFile(join(folder, 'file'), '');
    saveAt(join(folder, 'file'));
    await expect(exportAs('csv', node, services)).rejects.toMatchObject({
      reason: 'export-failed',
      message: expect.stringMatching(
        /^The CSV file could not be written to .*file\/tiny-sentiment-.*\.csv: ENOTDIR.*\.$/u,
      ) as string,
      nextStep: 'Choose another place for it; the run record itself is not affected.',
    });
    expect(kept).toBeUndefined();
  });
});

describe('the run that is meant', () => {
  test('is that of the panel in front', async () => {
    inSight = [other.id];
    const dialog = saveAt();
    await exportAs('csv', undefined, services);
    expect(dialog.proposed()).toContain(other.id);
    expect(asked).toEqual([]);
  });

  test('is asked for where no panel is open, among those that have a record', async () => {
    live = [{ id: 'live', subject: 'sentiment', end: null }];
    chosen = other.id;
    const dialog = saveAt();
    await exportAs('csv', undefined, services);
    expect(asked).toEqual([{ title: 'Export as CSV', values: [record.id, other.id] }]);
    expect(dialog.proposed()).toContain(other.id);
  });

  test('is asked for where several panels are in sight, those first', async () => {
    inSight = [other.id, 'live'];
    await exportAs('csv', undefined, services);
    expect(asked).toEqual([{ title: 'Export as CSV', values: [other.id, record.id] }]);
  });

  test('is asked for, too, while the run in front is under way', async () => {
    live = [{ id: 'live', subject: 'sentiment', end: null }];
    inSight = ['live'];
    await copyMarkdown(undefined, services);
    expect(asked).toHaveLength(1);
    expect(fakeVscode.env.clipboard.writeText).not.toHaveBeenCalled();
  });

  test('has no record while it is under way', async () => {
    live = [{ id: 'live', subject: 'sentiment', end: null }];
    await expect(exportAs('json', 'live', services)).rejects.toThrow(
      'The run of sentiment is still under way, so there is no record to export.',
    );
  });

  test('may be one whose record could not be saved', async () => {
    const unsaved = sampleRecord({ record: { id: '20260104-093000-0002' } });
    live = [{ id: unsaved.id, subject: 'sentiment', end: { record: unsaved } }];
    saveAt();
    await exportAs('json', unsaved.id, services);
    expect(await readdir(folder)).toEqual([`tiny-sentiment-${unsaved.id}.json`]);
  });
});

test("the panel's Export asks as what, once, and does that", async () => {
  chosen = 'csv';
  saveAt();
  await exportResult(record.id, services);
  expect(asked).toEqual([
    {
      title: expect.stringMatching(/^Export tiny-sentiment · Jan 2, 2026, /u) as string,
      values: ['markdown', 'csv', 'json', 'html'],
    },
  ]);
  expect(await readdir(folder)).toEqual([`${stem}.csv`]);
  chosen = 'markdown';
  await exportResult(record.id, services);
  expect(fakeVscode.env.clipboard.writeText).toHaveBeenCalledExactlyOnceWith(recordMarkdown(record));
});

describe('a chart', () => {
  const header = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52];
  const save = (bytes: readonly number[], title = 'Percentiles at 8 connections'): Promise<void> =>
    saveChart(record, { kind: 'save-chart', title, png: Buffer.from(bytes).toString('base64') }, memory);

  test('goes as PNG where the user says, byte for byte', async () => {
    const dialog = saveAt();
    await save([...header, 1, 2, 3]);
    expect(dialog.kinds()).toEqual({ PNG: ['png'] });
    const name = `${stem}-percentiles-at-8-connections.png`;
    expect(dialog.proposed()).toBe(join(folder, name));
    expect([...(await readFile(join(folder, name)))]).toEqual([...header, 1, 2, 3]);
  });

  test.each([
    ['a page', [...Buffer.from('<!doctype html><script>alert(1)</script>')]],
    ['a picture of another kind', [0xff, 0xd8, 0xff, 0xe0, ...header]],
    ['a signature alone', header.slice(0, 8)],
    ['a signature with something else behind it', [...header.slice(0, 12), 1, 2, 3, 4]],
  ])('that is %s is refused before anything is asked', async (_what, bytes) => {
    await expect(save(bytes)).rejects.toMatchObject({ reason: 'export-failed' });
    expect(fakeVscode.window.showSaveDialog).not.toHaveBeenCalled();
  });

  test('may be of a run under way, and of none without a run', async () => {
    const { runs, results } = services;
    const log = { show: () => undefined } as unknown as LogOutputChannel;
    const content = createPanelContent(runs, results, memory, log, {} as never);
    live = [{ id: 'live', subject: 'sentiment', plan: record.plan, end: null }];
    const dialog = saveAt();
    const request = { kind: 'save-chart', title: 'Over time', png: Buffer.from(header).toString('base64') } as const;
    await content.answer({ runId: 'live' }, request);
    expect(dialog.proposed()).toBe(join(folder, 'tiny-sentiment-live-over-time.png'));
    await expect(content.answer({ runId: null }, request)).rejects.toThrow('This panel shows no run.');
    await content.answer({ runId: record.id }, { kind: 'export' });
    expect(fakeVscode.commands.executeCommand).toHaveBeenLastCalledWith('topologyBench.exportResult', record.id);
    await expect(content.answer({ runId: null }, { kind: 'export' })).rejects.toThrow('This panel shows no run.');
  });

  test('has no say in where it goes by its title', async () => {
    const dialog = saveAt();
    await save(header, '../../.ssh/authorized_keys\u0000');
    expect(dialog.proposed()).toBe(join(folder, `${stem}-ssh-authorized-keys.png`));
  });
});
