import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRecord, openRunStore } from '../../../src/runs/store.ts';
import { sampleRecord } from '../../support/sampleRecord.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-runs-'));
});
afterEach(async () => {
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
      expect.stringMatching(/not a run record/),
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

  it('parses one record by itself', () => {
    expect(parseRecord('x.json', JSON.stringify(sampleRecord()))).toEqual(sampleRecord());
    expect(() => parseRecord('x.json', 'no')).toThrow(/x\.json/);
  });
});
