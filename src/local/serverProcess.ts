import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError } from '../core/errors.ts';
import { keeperSource } from './keeper.ts';
import { groupIsAlive, identityOf } from './processIdentity.ts';

export interface ServerCommand {
  /** "fastapi", "gateway" or "triton". */
  readonly name: string;
  /** A Python that runs the keeper. */
  readonly python: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Folder for the log and the process id. */
  readonly directory: string;
  /** CPUs to run on, counted among those allowed to this process; null: all. */
  readonly cpus: { readonly first: number; readonly count: number } | null;
}

/** Time to finish what is in flight after SIGTERM. */
const graceSeconds = 5;

/** A server and all processes that it starts; they end with this process, whatever ends it. */
export class ServerProcess {
  readonly name: string;
  readonly logPath: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;
  #exitCode: number | undefined;
  #wasTold = false;
  #wasKilled = false;

  private constructor(name: string, logPath: string, child: ChildProcess) {
    this.name = name;
    this.logPath = logPath;
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      const end = (code: number): void => {
        this.#exitCode = code;
        resolve(code);
      };
      child.on('exit', (code, signal) => {
        this.#wasKilled = signal !== null;
        end(code ?? (signal === null ? 1 : 137));
      });
      child.on('error', () => {
        end(127);
      });
    });
  }

  static async start(server: ServerCommand): Promise<ServerProcess> {
    const logPath = join(server.directory, `${server.name}.log`);
    const log = openSync(logPath, 'a', 0o600);
    const cpus = server.cpus ?? { first: 0, count: 0 };
    const child = spawn(
      server.python,
      ['-I', '-S', '-c', keeperSource, String(graceSeconds), String(cpus.first), String(cpus.count), ...server.command],
      // Its own process group, so that an interrupt at the terminal does not reach it and all of it can be ended at once.
      { detached: true, stdio: ['pipe', log, log], env: server.environment, cwd: server.directory },
    );
    closeSync(log);
    const process = new ServerProcess(server.name, logPath, child);
    child.stdin?.on('error', () => undefined);
    if (child.pid === undefined) return process;
    try {
      const identity = await identityOf(child.pid);
      if (identity !== undefined) {
        await writeFile(join(server.directory, `${server.name}.pid`), JSON.stringify(identity));
      }
    } catch (error) {
      // Nobody else knows of it yet.
      await process.stop();
      throw error;
    }
    return process;
  }

  /** undefined while it runs; 0 when it ended because it was told to. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  get ended(): boolean {
    return this.#exitCode !== undefined;
  }

  /** Whether it ended otherwise than by being told to; one that took no word and had to be killed was told to. */
  get died(): boolean {
    if (this.#exitCode === undefined || this.#exitCode === 0) return false;
    return !(this.#wasTold && this.#wasKilled);
  }

  /** Resolves with the exit code when it ends, for whatever reason; never rejects. */
  get whenEnded(): Promise<number> {
    return this.#ended;
  }

  /** Ends the server and everything it started. Idempotent.
   * @throws BenchError clean-up-incomplete when something cannot be ended
   */
  async stop(): Promise<void> {
    if (!this.ended) this.#wasTold = true;
    this.#child.stdin?.end();
    const { pid } = this.#child;
    await Promise.race([this.#ended, sleep((graceSeconds + 3) * 1000, undefined, { ref: false })]);
    if (pid === undefined) return;
    for (let attempt = 0; await groupIsAlive(pid); attempt += 1) {
      if (attempt >= 100) {
        throw new BenchError({
          reason: 'clean-up-incomplete',
          message: `The processes of ${this.name} (process group ${String(pid)}) could not be ended.`,
          nextStep: `End them with "kill -9 -- -${String(pid)}".`,
        });
      }
      killGroup(pid);
      await sleep(50);
    }
  }
}

export function killGroup(groupId: number): void {
  try {
    process.kill(-groupId, 'SIGKILL');
  } catch {
    // Gone already, which is what was wanted.
  }
}
