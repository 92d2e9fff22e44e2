import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { BenchError, isCancelled } from '../core/errors.ts';
import type { LoadSpec, PhaseMeasurement, PhaseSnapshot } from '../core/load.ts';
import type { Phase } from '../core/plan.ts';
import { createLoadDriver } from '../load/driver.ts';
import { checkHeader, loadMethods } from '../load/requestBytes.ts';
import { header, isLoopback, seconds, usageError, wholeNumber } from './arguments.ts';
import { confirmed } from './ask.ts';
import { type CliContext, exitCodes } from './context.ts';
import { loadReport, loadTable, type LoadSettings } from './loadReport.ts';

interface LoadOptions {
  method?: string;
  header: string[];
  bodyFile?: string;
  connections: string;
  duration: string;
  warmUp: string;
  timeout: string;
  yes?: boolean;
  json?: boolean;
}

const longestSeconds = 86_400;

/** `topology-bench load URL`: closed-loop load on one HTTP endpoint, from this machine. */
export function registerLoad(program: Command, context: CliContext): void {
  program
    .command('load')
    .description('Loads one HTTP endpoint in a closed loop and reports latency and rate.')
    .argument('<url>', 'http://host:port/path')
    .option('--method <method>', `one of ${loadMethods.join(', ')} (default: POST with a body, GET without)`)
    .addOption(
      new Option('--header <header>', '"Name: value"; may be given several times')
        .argParser((text: string, before: string[]) => [...before, text])
        .default([], 'none'),
    )
    .option('--body-file <file>', 'UTF-8 text sent as the body of every request')
    .requiredOption('--connections <n>', 'connections, each with one request at a time (1 to 4096)')
    .requiredOption('--duration <seconds>', 'length of the measurement')
    .option('--warm-up <seconds>', 'load before the measurement, whose numbers are dropped', '0')
    .option('--timeout <ms>', 'longest wait for an answer', '10000')
    .option('--yes', 'do not ask before loading a machine that is not this one')
    .option('--json', 'print the result as JSON')
    .action(async (url: string, options: LoadOptions) => {
      const { spec, settings } = await specOf(url, options);
      await confirmTarget(new URL(spec.url), options.yes === true, context);
      const outcome = await measure(spec, context);
      const report = loadReport(settings, outcome.measurement, { cancelled: outcome.cancelled, nowMs: Date.now() });
      context.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : loadTable(report));
      process.exitCode = outcome.cancelled
        ? exitCodes.cancelled
        : report.validity.valid
          ? exitCodes.ok
          : exitCodes.failed;
    });
}

async function specOf(target: string, options: LoadOptions): Promise<{ spec: LoadSpec; settings: LoadSettings }> {
  const url = targetUrl(target);
  const connections = wholeNumber('--connections', options.connections, { least: 1, most: 4096 });
  const durationSeconds = seconds('--duration', options.duration, { zeroAllowed: false, most: longestSeconds });
  const warmUpSeconds = seconds('--warm-up', options.warmUp, { zeroAllowed: true, most: longestSeconds });
  const timeoutMs = wholeNumber('--timeout', options.timeout, { least: 1, most: 600_000 });
  const method = methodOf(options);
  const headers = headersOf(options.header);
  const bodies = options.bodyFile === undefined ? [] : [await readBody(options.bodyFile)];
  const warmUp: Phase[] =
    warmUpSeconds > 0 ? [{ name: 'warm-up', kind: 'warm-up', connections, durationSeconds: warmUpSeconds }] : [];
  return {
    spec: {
      url: url.href,
      method,
      headers,
      secretHeader: null,
      bodies,
      seed: 1,
      timeoutMs,
      phases: [...warmUp, { name: 'load', kind: 'measured', connections, durationSeconds }],
      gate: 'stdin',
      gateTimeoutSeconds: 60,
    },
    settings: { method, connections, durationSeconds, warmUpSeconds, timeoutMs },
  };
}

function targetUrl(text: string): URL {
  if (!URL.canParse(text)) throw usageError(`"${text}" is no URL; it looks like http://127.0.0.1:8000/path.`);
  const url = new URL(text);
  if (url.protocol === 'https:') {
    throw usageError(
      "https:// cannot be loaded yet: the closed loop's driver does not verify certificates.",
      'It comes with the measurement work; until then load the plain http:// port.',
    );
  }
  if (url.protocol !== 'http:') throw usageError(`Only http:// can be loaded, not ${url.protocol}//.`);
  if (url.username !== '' || url.password !== '') {
    throw usageError('A user name or password in the URL is not sent.', 'Give it with --header "Authorization: ...".');
  }
  return url;
}

function methodOf(options: LoadOptions): string {
  if (options.method === undefined) return options.bodyFile === undefined ? 'GET' : 'POST';
  const wanted = options.method.toUpperCase();
  const method = loadMethods.find((known) => known === wanted);
  if (method === undefined)
    throw usageError(`--method takes one of ${loadMethods.join(', ')}, not "${options.method}".`);
  return method;
}

function headersOf(texts: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const text of texts) {
    const { name, value } = header(text);
    checkHeader(name, value);
    const before = Object.keys(headers).find((known) => known.toLowerCase() === name.toLowerCase());
    if (before !== undefined) throw usageError(`The header "${name}" is given twice.`);
    headers[name] = value;
  }
  return headers;
}

async function readBody(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw usageError(`The body file cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
  try {
    // A byte order mark is part of the body, like everything else in the file.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw usageError(`The body file ${file} is not UTF-8 text.`);
  }
}

async function confirmTarget(url: URL, yes: boolean, context: CliContext): Promise<void> {
  if (yes || isLoopback(url.hostname)) return;
  const refused = (why: string): BenchError =>
    new BenchError({
      reason: 'target-refused',
      message: `${url.host} is not this machine, and ${why}; nothing was sent.`,
      nextStep: 'Load only servers that you may load, and say so with --yes.',
    });
  if (!context.stdin.isTTY || !context.stderr.isTTY) throw refused('there is no terminal to ask on');
  const question = `${url.host} is not this machine. Load it?`;
  if (!(await confirmed(question, 'the target was to be confirmed', context))) throw refused('it was not confirmed');
}

async function measure(
  spec: LoadSpec,
  context: CliContext,
): Promise<{ measurement: PhaseMeasurement | null; cancelled: boolean }> {
  const driver = createLoadDriver({ workerPath: join(context.root, 'dist', 'worker.cjs') });
  const progress = progressLines(spec.phases, context);
  const measuredPhase = spec.phases.length - 1;
  let measurement: PhaseMeasurement | null = null;
  const keep = (phase: number, result: PhaseMeasurement): void => {
    if (phase === measuredPhase) measurement = result;
  };
  try {
    await driver.run(
      spec,
      {},
      {
        beforePhase: async (phase) => {
          progress.started(phase);
        },
        phaseEnded: async (phase, result) => {
          keep(phase, result);
        },
        phaseCancelled: keep,
        snapshot: progress.snapshot,
        warning: (message) => {
          context.stderr.write(`Warning: ${message}\n`);
        },
      },
      context.signal,
    );
    return { measurement, cancelled: false };
  } catch (error) {
    if (isCancelled(error)) return { measurement, cancelled: true };
    throw error;
  } finally {
    progress.end();
  }
}

interface ProgressLines {
  readonly started: (phase: number) => void;
  readonly snapshot: (phase: number, snapshot: PhaseSnapshot) => void;
  readonly end: () => void;
}

/** One line that rewrites itself on a terminal; elsewhere a line when a phase starts and every ten seconds. */
function progressLines(phases: readonly Phase[], context: CliContext): ProgressLines {
  const { stderr } = context;
  const live = stderr.isTTY;
  const line = (text: string): void => {
    stderr.write(live ? `\r\u001b[K${text}` : `${text}\n`);
  };
  return {
    started(index) {
      const phase = phases[index];
      if (phase !== undefined)
        line(`${phase.kind === 'warm-up' ? 'Warming up' : 'Measuring'} for ${String(phase.durationSeconds)} s`);
    },
    snapshot(index, snapshot) {
      const elapsedSeconds = Math.round(snapshot.elapsedMs / 1000);
      if (!live && elapsedSeconds % 10 !== 0) return;
      const { p50Ms, p95Ms } = snapshot.latency;
      const figure = (value: number | null): string => (value === null ? '-' : `${value.toFixed(2)} ms`);
      line(
        `${String(elapsedSeconds)} of ${String(phases[index]?.durationSeconds ?? '?')} s: ${snapshot.rps.toFixed(0)} successes/s, p50 ${figure(p50Ms)}, p95 ${figure(p95Ms)}, ${String(snapshot.requests.errors)} errors`,
      );
    },
    end() {
      if (live) stderr.write('\r\u001b[K');
    },
  };
}
