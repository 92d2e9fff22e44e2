/** Running other programs from these scripts: an argument array each, output shown, failure said. */
import { spawn, type SpawnOptions } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');

/** @returns the exit code; a signal counts as 128 */
export function run(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<number> {
  console.log(`$ ${[command, ...args].join(' ')}`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.on('error', reject);
    child.on('exit', (code) => {
      resolve(code ?? 128);
    });
  });
}

export async function must(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<void> {
  const code = await run(command, args, options);
  if (code !== 0) throw new Error(`"${[command, ...args].join(' ')}" ended with ${String(code)}`);
}

/** Runs a program and returns its standard output. */
export function capture(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, ...options, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(text);
      else reject(new Error(`"${[command, ...args].join(' ')}" ended with ${String(code)}`));
    });
  });
}

/** Path of a tool that npm installed. */
export function npmTool(name: string): string {
  return join(root, 'node_modules', '.bin', name);
}
