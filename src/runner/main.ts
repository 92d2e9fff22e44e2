/** A run in a process of its own: `runner.cjs JOURNAL`, with a RunTask on standard input. VS Code starts it; see engine/runner.ts. */
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { toBenchError, type BenchError } from '../core/errors.ts';
import { failureOf } from '../core/failure.ts';
import type * as engineModule from '../engine/index.ts';
import type { RunTask } from '../engine/runTask.ts';
import type * as kubernetesModule from '../kubernetes/index.ts';
import type { JournalEnd } from '../runs/journal.ts';
import { carryOut } from './carryOut.ts';

const stopCheckMs = 250;

const load = createRequire(import.meta.url);
// Both now, because an update of the extension may remove its files while the run is under way.
const engine = load('./engine.cjs') as typeof engineModule;
const kubernetes = load('./kubernetes.cjs') as typeof kubernetesModule;

void main(process.argv[2] ?? '');

async function main(journal: string): Promise<void> {
  const writer = engine.appendToJournal(journal);
  writer.write({ kind: 'process', ...(await engine.processOf(process.pid)) });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stop.abort();
    });
  }
  setInterval(() => {
    if (engine.isAskedToStop(journal)) stop.abort();
  }, stopCheckMs).unref();
  const strayed = catchStrayErrors(stop);
  const end = await run();
  const stray = strayed();
  writer.write(stray === undefined ? end : { ...end, failure: failureOf(stray) });
  process.exit(0);

  async function run(): Promise<JournalEnd> {
    let task: RunTask;
    try {
      task = JSON.parse(await text(process.stdin)) as RunTask;
    } catch (error) {
      // Whoever started this process was gone before it had said what to run.
      const nothing = { kind: 'end', notSaved: null, leftBehind: null, kept: null } as const;
      return { ...nothing, failure: failureOf(toBenchError(error, 'reading what to run')) };
    }
    return carryOut(
      task,
      { engine, kubernetes: () => kubernetes },
      {
        event: (event) => writer.write({ kind: 'event', event }),
        log: (line) => {
          writer.write({ kind: 'log', line });
        },
      },
      stop.signal,
    );
  }
}

/** An error that nobody waits for ends the run, but not before it has cleaned up. */
function catchStrayErrors(stop: AbortController): () => BenchError | undefined {
  let first: BenchError | undefined;
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      first ??= toBenchError(error, 'running the benchmark');
      stop.abort();
    });
  }
  return () => first;
}
