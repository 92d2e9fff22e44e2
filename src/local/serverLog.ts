import { copyFile, mkdir, open, readdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The log that a server wrote to a file. */

const tailBytes = 16_000;
const tailLines = 12;
const keptLogs = 20;

/**
 * The last lines of a log that say something, and what it marks as an error before them; folders of this person are
 * shortened, because the text may end in a run record.
 */
export async function logTail(path: string): Promise<string> {
  const text = await readEnd(path);
  const lines = text
    .split('\n')
    .map((line) => line.trimEnd())
    // Triton frames its tables with these.
    .filter((line) => line !== '' && !/^[|+]/.test(line));
  const errors = lines.slice(0, -tailLines).filter((line) => /^E\d{4} |(?:Error|error):/.test(line));
  return [...errors.slice(-4), ...lines.slice(-tailLines)].join('\n').replaceAll(homedir(), '~');
}

/**
 * Keeps the log of a server that failed; the oldest kept ones go.
 * @returns where it is
 */
export async function keepLog(path: string, cacheDirectory: string, name: string): Promise<string> {
  const folder = join(cacheDirectory, 'local-logs');
  await mkdir(folder, { recursive: true });
  const kept = join(folder, `${name}.log`);
  await copyFile(path, kept);
  const names = (await readdir(folder)).sort();
  for (const old of names.slice(0, -keptLogs)) await rm(join(folder, old), { force: true });
  return kept;
}

async function readEnd(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(tailBytes),
      position: Math.max(0, size - tailBytes),
    });
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return '';
  }
}
