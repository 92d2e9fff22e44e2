import { existsSync } from 'node:fs';
import { explain, isCancelled } from '../core/errors.ts';
import { runCommand } from './command.ts';
import { findPython, whyNoTritonWith } from './python.ts';

/**
 * Installs what the local target needs of the system, on a Debian-like machine of which we are root; for the demo and the
 * tests, which say so. Everywhere else it does nothing, and the errors that follow name the command.
 */
export async function installSystemPackages(say: (message: string) => void, signal: AbortSignal): Promise<void> {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  const python = await findPython(signal).catch(() => undefined);
  if (python !== undefined && whyNoTritonWith(python) === undefined) return;
  const apt = async (...args: string[]): Promise<void> => {
    say(`$ apt-get ${args.join(' ')}`);
    const command: [string, ...string[]] = ['apt-get', '-o', 'DPkg::Lock::Timeout=600', ...args];
    await runCommand('installing system packages', command, () => undefined, signal);
  };
  await apt('update', '-qq');
  if (python === undefined) await apt('install', '-y', '-qq', 'python3', 'python3-venv');
  const found = await findPython(signal);
  // Of what else may keep Triton from running nothing can be installed.
  const library = { path: '', known: true };
  if (found.library !== null || whyNoTritonWith({ ...found, library }) !== undefined) return;
  await apt('install', '-y', '-qq', `libpython${found.version}`).catch((error: unknown) => {
    // Without it fastapi still runs.
    if (isCancelled(error)) throw error;
    say(explain(error));
  });
}
