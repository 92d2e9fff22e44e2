import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { recordFacts } from '../../../src/core/view/provenance.ts';
import { recordTable } from '../../../src/core/view/table.ts';
import { openRunStore, parseRecord, saveElsewhere, type RunStore, type StoredRun } from '../../../src/runs/store.ts';
import { headlineOf } from '../../../src/core/view/headline.ts';
import { measuredRecord, rowsOf } from '../../../src/core/view/measured.ts';
import { resultTable } from '../../../src/core/view/resultTable.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';

const run = promisify(execFile);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-runs-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

describe('run store', () => {
  it('gives back what was saved, newest first, and hides itself from git', async () => {
    const store = openRunStore(join(folder, 'runs'));
    const older = { ...sampleRecord(), id: '20260101-000000-0001' };
    const newer = { ...sampleRecord(), id: '20260102-000000-0001' };
    await store.save(older);
    await store.save(newer);
    expect((await store.list()).map((run) => run.record)).toEqual([newer, older]);
    expect(await store.read(older.id)).toEqual(older);
    expect(await readFile(join(store.directory, '.gitignore'), 'utf8')).toBe('*\n');
    expect((await readdir(store.directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('hides nothing in a folder that was there before it', async () => {
    const store = openRunStore(folder);
    await store.save(sampleRecord());
    expect(await readdir(folder)).toEqual([`${sampleRecord().id}.json`]);
  });

  it('hides the records once there is room, when the disk was full at first', async () => {
    const store = openRunStore(join(folder, '.topology-bench', 'runs'));
    const saving = [
      "const { openRunStore } = await import(process.argv[1] + '/src/runs/store.ts');",
      "const { sampleRecord } = await import(process.argv[1] + '/test/support/sampleRecord.ts');",
      'await openRunStore(process.argv[2]).save(sampleRecord());',
    ].join('');
    // No file may have a single byte; the write then fails as it does on a full disk, after the file was made.
    const limited = `ulimit -f 0; exec "$0" --input-type=module --eval "$1" "$2" "$3"`;
    const root = join(import.meta.dirname, '../../..');
    const attempt = run('bash', ['-c', limited, process.execPath, saving, root, store.directory]);
    await expect(attempt).rejects.toThrow(/could not be written to .*EFBIG/);
    expect(await readdir(folder, { recursive: true })).toEqual(['.topology-bench']);
    await store.save(sampleRecord());
    expect(await readFile(join(store.directory, '.gitignore'), 'utf8')).toBe('*\n');
  });

  it("leaves the user's own .gitignore alone", async () => {
    const store = openRunStore(folder);
    await writeFile(join(folder, '.gitignore'), '!*.json\n');
    await store.save(sampleRecord());
    expect(await readFile(join(folder, '.gitignore'), 'utf8')).toBe('!*.json\n');
  });

  it('lists a folder that is not there as empty', async () => {
    expect(await openRunStore(join(folder, 'none')).list()).toEqual([]);
  });

  it('says why a file cannot be read, and still lists the others', async () => {
    const store = openRunStore(folder);
    await store.save(sampleRecord());
    await writeFile(join(folder, '20260101-000000-0001.json'), '{"version":1,');
    await writeFile(join(folder, '20260101-000000-0002.json'), '{"version":7}');
    await writeFile(join(folder, '20260101-000000-0003.json'), '{"version":1}');
    const runs = await store.list();
    expect(runs).toHaveLength(4);
    expect(runs.map((run) => run.problem ?? 'read')).toEqual([
      'read',
      expect.stringMatching(/not a whole run record/),
      expect.stringMatching(/newer version/),
      expect.stringMatching(/damaged/),
    ]);
    await expect(store.read('20260101-000000-0001')).rejects.toThrow(/damaged/);
  });

  it('fails with the reason, and leaves no half of a file, when it cannot write', async () => {
    await writeFile(join(folder, 'taken'), '');
    const store = openRunStore(join(folder, 'taken'));
    await expect(store.save(sampleRecord())).rejects.toMatchObject({ reason: 'save-failed' });
    await mkdir(join(folder, 'blocked', `${sampleRecord().id}.json`), { recursive: true });
    const blocked = openRunStore(join(folder, 'blocked'));
    await expect(blocked.save(sampleRecord())).rejects.toMatchObject({ reason: 'save-failed' });
    expect((await readdir(join(folder, 'blocked'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('reads a record of the first version that ever was, and fills in what it did not know yet', async () => {
    const path = join(import.meta.dirname, 'record-v1.json');
    const text = await readFile(path, 'utf8');
    const written = JSON.parse(text) as Record<string, unknown>;
    for (const field of ['repeats', 'modelConfig']) expect(written).not.toHaveProperty(field);
    const record = parseRecord(path, text);
    expect(record).toMatchObject({ repeats: null, modelConfig: null });
    expect(record.software.servingSha256).toBeNull();
    expect(record.environment.machines).toEqual([]);
    expect(record.topologies.map(({ phases }) => phases.length)).toEqual([7, 7, 7]);
    expect(record.topologies.flatMap(({ placements }) => placements.map(({ pinnedImage }) => pinnedImage))).toEqual(
      Array(4).fill(null),
    );
    const phases = record.topologies.flatMap((topology) => topology.phases);
    for (const phase of phases) expect(phase).toMatchObject({ split: null, loop: 'closed', repetition: 1 });
    // All that it said is still there, and what is written again is read again.
    expect(record).toMatchObject(written);
    expect(parseRecord(path, JSON.stringify(record))).toEqual(record);
    expect(recordTable(record)).toContain('run 20261125-003554-3e9e');
    expect(recordFacts(record).flatMap(({ facts }) => facts)).toContainEqual({
      term: 'This machine',
      text: 'linux x64, 2 cores',
    });
  });

  it('says of every file that is no record which it is, why, and what to do, and loses no other', async () => {
    const store = openRunStore(folder);
    await store.save(sampleRecord());
    const whole = JSON.stringify(sampleRecord());
    const files: Record<string, [text: string, problem: RegExp, nextStep: RegExp]> = {
      'a-cut-off': [whole.slice(0, -200), /not complete JSON; the file is damaged/, /restore .* or delete it/],
      'b-empty': ['', /not complete JSON/, /restore/],
      'c-newer': [whole.replace('"version":1', '"version":2'), /newer version .*\(record version 2\)/, /^Update /],
      'd-no-version': [whole.replace('"version":1,', ''), /not a run record$/, /^Name .* restore it/],
      'e-version-0': [whole.replace('"version":1', '"version":0'), /not a whole run record: version/, /Restore/],
      'f-version-text': [whole.replace('"version":1', '"version":"1"'), /not a run record$/, /^Name .* restore it/],
      'g-null': ['null', /not a run record$/, /^Name/],
      'h-list': ['[]', /not a run record$/, /^Name/],
      'i-edited': [whole.replace('"quick"', '7'), /not a whole run record: plan\.load\.profile/, /Restore/],
      'i-negative': [
        whole.replace(/"p95Ms":[\d.]+/, '"p95Ms":-5'),
        /not a whole run record: topologies\.0\.phases\.\d\.measurement\.latency\.p95Ms must be at least 0$/,
        /Restore/,
      ],
      'j-more': [whole.replace('"version":1', '"version":1,"secret":1'), /not a whole run record/, /Restore/],
    };
    for (const [name, [text]] of Object.entries(files)) await writeFile(join(folder, `${name}.json`), text);
    await mkdir(join(folder, 'k-folder.json'));
    const runs = await store.list();
    expect(runs.filter(({ record }) => record !== undefined).map(({ id }) => id)).toEqual([sampleRecord().id]);
    for (const [name, [, problem, nextStep]] of Object.entries(files)) {
      const listed = runs.find(({ id }) => id === name);
      expect(listed?.problem).toMatch(problem);
      await expect(store.read(name)).rejects.toMatchObject({
        reason: 'record-unreadable',
        message: expect.stringContaining(join(folder, `${name}.json`)) as string,
        nextStep: expect.stringMatching(nextStep) as string,
      });
    }
    expect(runs.find(({ id }) => id === 'k-folder')?.problem).toMatch(/EISDIR/);
    expect(runs).toHaveLength(Object.keys(files).length + 2);
  });

  it('takes a record that an editor began with a byte order mark', () => {
    expect(parseRecord('x.json', `\uFEFF${JSON.stringify(sampleRecord())}`)).toEqual(sampleRecord());
  });

  it('parses one record by itself', () => {
    expect(parseRecord('x.json', JSON.stringify(sampleRecord()))).toEqual(sampleRecord());
    expect(() => parseRecord('x.json', 'no')).toThrow(/x\.json/);
  });
});

describe('a store that is kept open', () => {
  const idOf = (number: number): string => `20260101-000000-${String(number).padStart(4, '0')}`;
  const save = (store: RunStore, ...numbers: readonly number[]): Promise<unknown> =>
    Promise.all(numbers.map((number) => store.save({ ...sampleRecord(), id: idOf(number) })));
  const ids = (runs: readonly StoredRun[]): string[] => runs.map(({ id }) => id);

  /** A file that is not read before `end` is called: it keeps a list from its end. */
  async function slowFile(): Promise<{ end: () => Promise<void> }> {
    const path = join(folder, '00000000-000000-0000.json');
    await run('mkfifo', [path]);
    return {
      end: async () => {
        await using file = await open(path, 'w');
        await file.writeFile('{}');
      },
    };
  }

  it('reads and checks each file once, whatever is saved, changed or deleted beside it', async () => {
    const store = openRunStore(folder);
    await save(store, 1, 2, 3);
    const first = await store.list();
    await save(store, 4);
    await store.delete(store.pathOf(idOf(2)));
    const edited = { ...sampleRecord(), id: idOf(1), warnings: ['edited by hand'] };
    await writeFile(store.pathOf(idOf(1)), JSON.stringify(edited));
    const second = await store.list();
    expect(ids(second)).toEqual([idOf(4), idOf(3), idOf(1)]);
    expect(second[1]?.record).toBe(first[0]?.record);
    expect(second[2]?.record).toEqual(edited);
    expect(await store.read(idOf(3))).toBe(first[0]?.record);
  });

  it('reads a file of the same size anew when its time is another one', async () => {
    const store = openRunStore(folder);
    await save(store, 1);
    const before = await store.read(idOf(1));
    await utimes(store.pathOf(idOf(1)), new Date(), new Date(Date.now() + 5000));
    const after = await store.read(idOf(1));
    expect(after).toEqual(before);
    expect(after).not.toBe(before);
  });

  it('lists only the newest where no more are asked for, and reads no others', async () => {
    const store = openRunStore(folder);
    await save(store, 1, 2, 3);
    expect(ids(await store.list(2))).toEqual([idOf(3), idOf(2)]);
    expect([1, 2, 3].map((number) => store.known(idOf(number)) !== undefined)).toEqual([false, true, true]);
    expect(ids(await store.list())).toEqual([idOf(3), idOf(2), idOf(1)]);
  });

  it('counts no file of another program among the newest, and a run whose file was renamed by its time', async () => {
    const store = openRunStore(folder);
    await save(store, 1, 2, 3, 4);
    await rename(store.pathOf(idOf(3)), join(folder, 'main.json'));
    for (const name of ['junit-1', 'junit-2', 'package']) await writeFile(join(folder, `${name}.json`), '{}');
    expect(ids(await store.list(2))).toEqual([idOf(4), idOf(3)]);
    expect(ids(await store.list(3))).toEqual([idOf(4), idOf(3), idOf(2)]);
    expect(ids(await store.list())).toEqual([...[4, 3, 2, 1].map(idOf), 'package', 'junit-2', 'junit-1']);
  });

  it('knows a record by what it says, not by the name of its file', async () => {
    const store = openRunStore(folder);
    await save(store, 1, 2, 3);
    await rename(store.pathOf(idOf(1)), join(folder, 'main.json'));
    expect(await store.find(idOf(1))).toMatchObject({ id: idOf(1), path: join(folder, 'main.json') });
    // What is called as a run is not opened for it.
    expect([2, 3].map((number) => store.known(idOf(number)))).toEqual([undefined, undefined]);
    expect(store.known(idOf(1))?.id).toBe(idOf(1));
    expect(ids(await store.list())).toEqual([idOf(3), idOf(2), idOf(1)]);
    // One that took the name of another is not that one; of another time, since those of one moment look the same.
    await utimes(join(folder, 'main.json'), new Date(), new Date(Date.now() + 5000));
    await rename(join(folder, 'main.json'), store.pathOf(idOf(2)));
    expect(await store.find(idOf(2))).toBeUndefined();
    expect(store.known(idOf(2))).toBeUndefined();
    expect(ids(await store.list())).toEqual([idOf(3), idOf(1)]);
    expect((await store.read(idOf(1))).id).toBe(idOf(1));
  });

  it('does not bring back what is deleted while a list is made, by itself or by others', async () => {
    const store = openRunStore(folder);
    await save(store, 1, 2, 3);
    const slow = await slowFile();
    const listing = store.list();
    await vi.waitFor(() => {
      for (const number of [1, 2, 3]) expect(store.known(idOf(number))).toBeDefined();
    });
    await store.delete(store.pathOf(idOf(1)));
    await rm(store.pathOf(idOf(2)));
    const later = store.list();
    await vi.waitFor(() => {
      expect(store.known(idOf(2))).toBeUndefined();
    });
    await slow.end();
    for (const runs of [await listing, await later]) expect(ids(runs)).toEqual([idOf(3), '00000000-000000-0000']);
    expect([1, 2, 3].map((number) => store.known(idOf(number)) !== undefined)).toEqual([false, false, true]);
  });

  it('keeps what a later list has found when an earlier one ends', async () => {
    const store = openRunStore(folder);
    await save(store, 1);
    const slow = await slowFile();
    const earlier = store.list();
    await vi.waitFor(() => {
      expect(store.known(idOf(1))).toBeDefined();
    });
    await save(store, 2);
    const later = store.list();
    await vi.waitFor(() => {
      expect(store.known(idOf(2))).toBeDefined();
    });
    await slow.end();
    await earlier;
    expect(ids(await later)).toEqual([idOf(2), idOf(1), '00000000-000000-0000']);
    expect(store.known(idOf(2))).toBeDefined();
  });

  it('tries a file that could not be read anew, and takes a deletion of what is gone for done', async () => {
    const store = openRunStore(folder);
    const path = store.pathOf(idOf(1));
    await mkdir(path);
    expect((await store.list())[0]?.problem).toMatch(/EISDIR/);
    await rm(path, { recursive: true });
    await expect(store.read(idOf(1))).rejects.toMatchObject({
      reason: 'record-unreadable',
      message: `The run record ${path} cannot be read: there is no such file.`,
    });
    await save(store, 1);
    expect((await store.list())[0]?.record).toBeDefined();
    await store.delete(path);
    await store.delete(path);
    expect(await store.list()).toEqual([]);
  });
});

describe('a record of the time before intervals', () => {
  it('is read as it is', () => {
    const record = sampleRecord();
    const before = {
      ...record,
      topologies: record.topologies.map((result) => ({
        ...result,
        phases: result.phases.map((phase) => {
          const { windows, ...measurement } = phase.measurement;
          expect(windows).toBeDefined();
          return { ...phase, measurement, intervals: 'not yet computed' as const };
        }),
      })),
    };
    const read = parseRecord('x.json', JSON.stringify(before));
    expect(read).toEqual(before);
    expect(headlineOf(measuredRecord(read)).worth).toContain('95% intervals were not computed');
    const cells = resultTable(rowsOf(measuredRecord(read))).groups.flatMap(({ rows }) =>
      rows.flatMap((row) => row.cells),
    );
    expect(cells.filter((cell) => cell.interval !== null)).toEqual([]);
  });
});

describe('a record that no folder takes', () => {
  it('has a file of its own in the temporary folder, for its user alone', async () => {
    vi.stubEnv('TMPDIR', folder);
    const [first, second] = [await saveElsewhere(sampleRecord()), await saveElsewhere(sampleRecord())];
    expect(first).not.toBe(second);
    expect(parseRecord(first, await readFile(first, 'utf8'))).toEqual(sampleRecord());
    expect((await stat(first)).mode & 0o777).toBe(0o600);
  });

  it('says so when that cannot be written either', async () => {
    vi.stubEnv('TMPDIR', join(folder, 'none'));
    await expect(saveElsewhere(sampleRecord())).rejects.toMatchObject({ reason: 'save-failed' });
  });
});
