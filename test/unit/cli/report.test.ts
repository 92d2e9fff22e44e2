import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recordCsv } from '../../../src/core/view/csv.ts';
import { recordMarkdown } from '../../../src/core/view/markdown.ts';
import { recordTable } from '../../../src/core/view/table.ts';
import { openRunStore, recordText } from '../../../src/runs/store.ts';
import { failedResult, samplePlan, sampleRecord } from '../../support/sampleRecord.ts';
import { parseXml } from '../../support/xml.ts';
import { cli, type Ended } from './bundle.ts';

/** `topology-bench report` as it ships, on records that lie in the results folder of the folder it is started in. */

const record = sampleRecord();
const cancelled = sampleRecord({
  record: { id: '20260101-080000-0b0b', status: 'cancelled' },
  change: (result) => (result.topology.name === 'fastapi' ? result : failedResult(result, 'cancelled')),
});
let home: string;
let folder: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'topology-bench-report-'));
  const runs = openRunStore(join(home, '.topology-bench', 'runs'));
  await runs.save(record);
  await runs.save(cancelled);
});
beforeEach(async () => {
  folder = await mkdtemp(join(home, 'out-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

function report(...parameters: readonly string[]): Promise<Ended> {
  return cli(['report', ...parameters], { cwd: home });
}

const file = (name: string): string => join(folder, name);
const read = (name: string): Promise<string> => readFile(file(name), 'utf8');

describe('a record', () => {
  it('by its id or its file is printed as `run` prints it', async () => {
    const byId = await report(record.id);
    expect(byId).toEqual({ code: 0, stdout: recordTable(record), stderr: '' });
    const elsewhere = file('kept.json');
    await writeFile(elsewhere, recordText(record));
    expect(await report(elsewhere)).toEqual(byId);
  });

  it('of another folder is found by its id, too', async () => {
    await openRunStore(file('runs')).save({ ...record, id: '20250101-080000-0c0c' });
    const lost = await report('20250101-080000-0c0c');
    expect(lost.code).toBe(2);
    expect(lost.stderr).toContain("Name the record's file, or with --runs DIR the folder that it was saved in.");
    const { code, stdout } = await report('20250101-080000-0c0c', '--runs', file('runs'));
    expect(code).toBe(0);
    expect(stdout).toContain('run 20250101-080000-0c0c');
  });

  it('becomes every file that was asked for, and then nothing is printed', async () => {
    const { code, stdout, stderr } = await report(
      ...[record.id, '--markdown', file('new/run.md'), '--csv', file('new/run.csv')],
      ...['--junit', file('new/junit.xml'), '--html', file('new/run.html')],
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toBe(
      `JUnit: ${file('new/junit.xml')}\nMarkdown: ${file('new/run.md')}\nCSV: ${file('new/run.csv')}\nReport: ${file('new/run.html')}\n`,
    );
    expect((await readdir(file('new'))).sort()).toEqual(['junit.xml', 'run.csv', 'run.html', 'run.md']);
    expect(await read('new/run.md')).toBe(recordMarkdown(record));
    expect(await read('new/run.csv')).toBe(recordCsv(record));
    expect((await parseXml(await read('new/junit.xml'))).attributes).toMatchObject({ tests: '9', errors: '0' });
    const html = await read('new/run.html');
    expect(html).toContain(`"id":"${record.id}"`);
    expect(html).toContain("default-src 'none'");
  });

  it('is printed as Markdown or CSV', async () => {
    expect(await report(record.id, '--markdown', '-')).toEqual({ code: 0, stdout: recordMarkdown(record), stderr: '' });
    const { stdout, stderr } = await report(record.id, '--csv', '-', '--markdown', file('run.md'));
    expect(stdout).toBe(recordCsv(record));
    expect(stderr).toBe(`Markdown: ${file('run.md')}\n`);
  });

  it('comes with a price where one is given, but for CSV, which holds the record alone', async () => {
    const price = ['--gpu-hour-price', '2.50', '--currency', 'EUR'];
    const { stdout } = await report(record.id, '--markdown', '-', ...price);
    expect(stdout).toBe(recordMarkdown(record, { perGpuHour: 2.5, currency: 'EUR' }));
    expect(stdout).toContain('EUR');
    expect((await report(record.id, '--csv', '-', ...price)).stdout).toBe(recordCsv(record));
  });

  it('comes with a warning where a price that is given is not shown', async () => {
    const price = ['--gpu-hour-price', '2.50'];
    const without = sampleRecord({ record: { id: '20260101-080000-0d0d' }, plan: { ...samplePlan(), gpu: null } });
    await openRunStore(join(home, '.topology-bench', 'runs')).save(without);
    const shown = await report(record.id, ...price);
    expect(shown.stderr).toBe('');
    expect((await report(record.id, '--csv', file('a.csv'), '--html', file('a.html'), ...price)).stderr).not.toContain(
      'Warning',
    );
    const ofCpu = await report(without.id, ...price);
    expect(ofCpu).toMatchObject({ code: 0, stderr: 'Warning: --gpu-hour-price is not used: the run holds no GPU.\n' });
    expect(ofCpu.stdout).toBe(recordTable(without));
    expect((await report(record.id, '--csv', '-', ...price)).stderr).toBe(
      'Warning: --gpu-hour-price is not used: CSV and JUnit hold no price, and nothing else is made.\n',
    );
  });

  it('of a run that was stopped is a report like any other, and its JUnit says so', async () => {
    const { code } = await report(cancelled.id, '--junit', file('junit.xml'));
    expect(code).toBe(0);
    const [first] = (await parseXml(await read('junit.xml'))).children;
    expect(first?.attributes).toMatchObject({ name: 'run', errors: '1' });
  });
});

describe('what cannot be', () => {
  it('is a file that cannot be written: it costs no other, and the exit code is 1', async () => {
    await mkdir(file('run.csv'));
    const { code, stderr } = await report(record.id, '--csv', file('run.csv'), '--markdown', file('run.md'));
    expect(code).toBe(1);
    expect(stderr).toContain(`topology-bench: The CSV file could not be written to ${file('run.csv')}: `);
    expect(await read('run.md')).toBe(recordMarkdown(record));
  });

  it.each<[string, readonly string[], string]>([
    [
      'no record',
      ['20250101-000000-0000'],
      "report takes the file of a run record, or a run's id; 20250101-000000-0000",
    ],
    ['a folder', ['.'], 'is a folder.'],
    ['two on standard output', [record.id, '--csv', '-', '--markdown', '-'], 'would both fill standard output.'],
    ['JUnit on standard output', [record.id, '--junit', '-'], '--junit takes a file, not standard output.'],
    ['HTML on standard output', [record.id, '--html', '-'], '--html takes a file, not standard output.'],
    ['one file for two', [record.id, '--csv', 'x', '--html', './x'], '--csv and --html name the same file, '],
    [
      'the record itself',
      [record.id, '--csv', `.topology-bench/runs/${record.id}.json`],
      '--csv names the run record itself, ',
    ],
    ['a price that is none', [record.id, '--gpu-hour-price', 'free'], 'a number such as 2.50, not "free".'],
  ])('is %s: nothing is written, and the exit code is 2', async (_name, parameters, message) => {
    const { code, stdout, stderr } = await report(...parameters);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    const kept = await readFile(join(home, '.topology-bench', 'runs', `${record.id}.json`), 'utf8');
    expect(kept).toBe(recordText(record));
  });

  it.each([
    ['histogram', (whole: string) => whole.replace(/"histogram": "(.{20})...../, '"histogram": "$1AAAAA')],
    ['windows', (whole: string) => whole.replace(/"data": "(.{20})...../, '"data": "$1AAAAA')],
  ])('is a record whose %s was changed, by its file and by its id', async (part, change) => {
    const text = change(recordText(record));
    expect(text).not.toBe(recordText(record));
    await writeFile(file('changed.json'), text);
    await mkdir(file('runs'));
    const stored = file(`runs/${record.id}.json`);
    await writeFile(stored, text);
    const why = new RegExp(
      `changed\\.json cannot be read: it is not a whole run record: topologies\\.0\\.phases\\.\\d\\.measurement\\.${part} cannot be decoded\\. Restore`,
    );
    const byFile = await report(file('changed.json'));
    expect(byFile).toMatchObject({ code: 2, stdout: '' });
    expect(byFile.stderr).toMatch(why);
    const byId = await report(record.id, '--runs', file('runs'));
    expect(byId).toMatchObject({ code: 2, stdout: '' });
    expect(byId.stderr).toContain(`${stored} cannot be read: it is not a whole run record: `);
  });

  it('is a damaged record', async () => {
    await writeFile(file('cut.json'), '{"version":1,');
    const { code, stderr } = await report(file('cut.json'));
    expect(code).toBe(2);
    expect(stderr).toContain('it is not complete JSON; the file is damaged, or no run record.');
  });
});

it('is explained by --help, exit codes included', async () => {
  const { code, stdout } = await report('--help');
  expect(code).toBe(0);
  for (const text of ['--markdown', '--csv', '--junit', '--html', '--runs', '--gpu-hour-price', 'Exit codes: 0 all'])
    expect(stdout).toContain(text);
  expect((await cli(['--help'])).stdout).toMatch(/report \[options\] <record> +make reports from a saved run record/u);
});
