import { readFile, stat } from 'node:fs/promises';
import { runRecordSchema, type RunRecord } from '../core/record.ts';
import { undecodable } from '../core/undecodable.ts';
import { damagedRecord, parseRecord, unreadableRecord, type RunStore } from '../runs/store.ts';
import { usageError } from './arguments.ts';
import { unreadable } from './textFiles.ts';

/**
 * A record that an option names: a file, or the id of a run in the results folder.
 * @throws BenchError plan-invalid where there is no such record, record-unreadable
 */
export async function recordOf(option: string, named: string, runs: RunStore): Promise<RunRecord> {
  const { record, path } = await readRecord(option, named, runs);
  const damaged = undecodable(record);
  if (damaged !== undefined) throw unreadableRecord(path, damagedRecord(`${damaged} cannot be decoded`));
  return record;
}

async function readRecord(
  option: string,
  named: string,
  runs: RunStore,
): Promise<{ readonly record: RunRecord; readonly path: string }> {
  const found = await stat(named).catch(() => undefined);
  if (found?.isFile() === true) return { record: parseRecord(named, await read(option, named)), path: named };
  const isId = runRecordSchema.shape.id.safeParse(named).success;
  const path = runs.pathOf(named);
  if (isId && (await stat(path).catch(() => undefined)) !== undefined) return { record: await runs.read(named), path };
  const what = isId ? `${named} is neither a file nor a run in ${runs.directory}` : `there is no file ${named}`;
  const isFolder = found?.isDirectory() === true;
  const folderOption = option === 'report' ? '--runs' : '--out';
  throw usageError(
    `${option} takes the file of a run record, or a run's id; ${isFolder ? `${named} is a folder` : what}.`,
    isFolder || !isId
      ? `Records lie in ${runs.directory}.`
      : `Name the record's file, or with ${folderOption} DIR the folder that it was saved in.`,
  );
}

async function read(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unreadable(`run record of ${option}`, path, error);
  }
}
