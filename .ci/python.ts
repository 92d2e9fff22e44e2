/** The Python environment that checks and tests src/serving: made once, cached by the hash of its requirements. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findPython } from '../src/local/python.ts';
import { must, root } from './commands.ts';

export const cache = process.env['TOPOLOGY_BENCH_CACHE'] ?? join(homedir(), '.cache', 'topology-bench');

/** @returns folder of the virtual environment */
export async function pythonEnvironment(): Promise<string> {
  const files = ['dev.txt', 'cpu-numpy1.txt'].map((name) => join(root, 'src/serving/requirements', name));
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file));
  const home = join(cache, 'python', hash.digest('hex').slice(0, 16));
  if (existsSync(join(home, 'done'))) return home;
  console.log(`Making the Python environment ${home}`);
  await rm(home, { recursive: true, force: true });
  await mkdir(join(cache, 'python'), { recursive: true });
  // The one that the servers run with, so that the pinned packages have wheels for it.
  const { executable } = await findPython(new AbortController().signal);
  await must(executable, ['-m', 'venv', home]);
  const pip = join(home, 'bin', 'python');
  for (const file of files) await must(pip, ['-m', 'pip', 'install', '--quiet', '--require-hashes', '-r', file]);
  await must('touch', [join(home, 'partial')]);
  await rename(join(home, 'partial'), join(home, 'done'));
  return home;
}
