/** Running other programs from these scripts: an argument array each, output shown, failure said. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn, type SpawnOptions } from 'node:child_process';
import { join } from 'node:path';
import { commandNow, startedNow } from './idle.ts';

export const root = join(import.meta.dirname, '..');

/** What is said by an action that runs beside another one, kept until it has ended. */
const held = new AsyncLocalStorage<Buffer[]>();

/** Runs an action and shows all its output at its end in one piece, so that two actions side by side can be read. */
export async function inOnePiece(action: () => Promise<void>): Promise<void> {
  const output: Buffer[] = [];
  try {
    await held.run(output, action);
  } finally {
    process.stdout.write(Buffer.concat(output));
  }
}

/** A line of output. */
export function say(line: string): void {
  const output = held.getStore();
  if (output === undefined) console.log(line);
  else output.push(Buffer.from(`${line}\n`));
}

/** @returns the exit code; a signal counts as 128 */
export function run(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<number> {
  say(`$ ${[command, ...args].join(' ')}`);
  const output = held.getStore();
  const [program, all] = commandNow(command, args);
  return new Promise((resolve, reject) => {
    const stdio: SpawnOptions['stdio'] = output === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'];
    const child = spawn(program, all, { cwd: root, stdio, ...options });
    startedNow(child);
    const keep = (chunk: Buffer): void => {
      output?.push(chunk);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => {
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
