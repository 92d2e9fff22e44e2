import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { BenchError, explain, isCancelled } from '../core/errors.ts';
import type { LoadSpec, PhaseMeasurement, PhaseSnapshot } from '../core/load.ts';
import type { Phase, PhaseLoad } from '../core/plan.ts';
import { createLoadDriver } from '../load/driver.ts';
import { checkHeader, loadMethods } from '../load/requestBytes.ts';
import { header, isLoopback, positiveNumber, seconds, usageError, wholeNumber } from './arguments.ts';
import { confirmed } from './ask.ts';
import { type CliContext, exitCodes } from './context.ts';
import { loadReport, loadTable, type LoadSettings } from './loadReport.ts';

interface LoadOptions {
  method?: string;
  header: string[];
  bodyFile?: string;
  connections?: string;
  rate?: string;
  arrivals?: string;
  maxInFlight?: string;
  ca?: string;
  insecure?: boolean;
  duration: string;
  warmUp: string;
  timeout: string;
  yes?: boolean;
  json?: boolean;
}

const longestSeconds = 86_400;

const defaultMaxInFlight = 512;
const arrivalKinds = ['poisson', 'constant'] as const;

/** `topology-bench load URL`: load on one HTTP endpoint, from this machine, in a closed or an open loop. */
export function registerLoad(program: Command, context: CliContext): void {
  program
    .command('load')
    .description('Loads one HTTP endpoint and reports latency and rate.')
    .argument('<url>', 'http:// or https://host:port/path')
    .option('--method <method>', `one of ${loadMethods.join(', ')} (default: POST with a body, GET without)`)
    .addOption(
      new Option('--header <header>', '"Name: value"; may be given several times')
        .argParser((text: string, before: string[]) => [...before, text])
        .default([], 'none'),
    )
    .option('--body-file <file>', 'UTF-8 text sent as the body of every request')
    .option('--connections <n>', 'closed loop: connections, each with one request at a time (1 to 4096)')
    .option('--rate <r>', 'open loop: requests a second, on a schedule that does not wait for answers (up to 100000)')
    .option('--arrivals <kind>', `open loop: one of ${arrivalKinds.join(', ')} (default: poisson)`)
    .option(
      '--max-in-flight <n>',
      `open loop: most requests unanswered at a time (default: ${String(defaultMaxInFlight)})`,
    )
    .requiredOption('--duration <seconds>', 'length of the measurement')
    .option('--warm-up <seconds>', 'load before the measurement, whose numbers are dropped', '0')
    .option('--timeout <ms>', 'longest wait for an answer, from the sending of its request', '10000')
    .option('--ca <file>', 'https: PEM certificates of the authorities to trust in place of the usual ones')
    .option('--insecure', 'https: believe any certificate')
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
  const load = loadOf(options);
  const tls = await tlsOf(url, options);
  const durationSeconds = seconds('--duration', options.duration, { zeroAllowed: false, most: longestSeconds });
  const warmUpSeconds = seconds('--warm-up', options.warmUp, { zeroAllowed: true, most: longestSeconds });
  const timeoutMs = wholeNumber('--timeout', options.timeout, { least: 1, most: 600_000 });
  const method = methodOf(options);
  const headers = headersOf(options.header);
  const bodies = options.bodyFile === undefined ? [] : [await readText('body file', options.bodyFile)];
  const warmUp: Phase[] =
    warmUpSeconds > 0 ? [{ name: 'warm-up', kind: 'warm-up', ...load, durationSeconds: warmUpSeconds }] : [];
  return {
    spec: {
      url: url.href,
      tls,
      method,
      headers,
      secretHeader: null,
      bodies,
      seed: 1,
      timeoutMs,
      phases: [...warmUp, { name: 'load', kind: 'measured', ...load, durationSeconds }],
      gate: 'stdin',
      gateTimeoutSeconds: 60,
    },
    settings: { method, load, durationSeconds, warmUpSeconds, timeoutMs },
  };
}

function targetUrl(text: string): URL {
  if (!URL.canParse(text)) throw usageError(`"${text}" is no URL; it looks like http://127.0.0.1:8000/path.`);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw usageError(`Only http:// and https:// can be loaded, not ${url.protocol}//.`);
  if (url.username !== '' || url.password !== '') {
    throw usageError('A user name or password in the URL is not sent.', 'Give it with --header "Authorization: ...".');
  }
  return url;
}

function loadOf(options: LoadOptions): PhaseLoad {
  const { connections, rate, arrivals, maxInFlight } = options;
  if (connections !== undefined && rate !== undefined)
    throw usageError('--connections makes a closed loop and --rate an open one; give one of them.');
  if (connections !== undefined) {
    const stray = arrivals === undefined ? (maxInFlight === undefined ? undefined : '--max-in-flight') : '--arrivals';
    if (stray !== undefined) throw usageError(`${stray} is of the open loop; it goes with --rate.`);
    return { loop: 'closed', connections: wholeNumber('--connections', connections, { least: 1, most: 4096 }) };
  }
  if (rate === undefined)
    throw usageError('How to load is missing: --connections N for a closed loop, or --rate R for an open one.');
  const kind = arrivalKinds.find((known) => known === (arrivals ?? 'poisson'));
  if (kind === undefined)
    throw usageError(`--arrivals takes one of ${arrivalKinds.join(', ')}, not "${arrivals ?? ''}".`);
  return {
    loop: 'open',
    ratePerSecond: positiveNumber('--rate', rate, 100_000),
    arrivals: kind,
    maxInFlight: wholeNumber('--max-in-flight', maxInFlight ?? String(defaultMaxInFlight), { least: 1, most: 4096 }),
  };
}

async function tlsOf(url: URL, { ca, insecure }: LoadOptions): Promise<LoadSpec['tls']> {
  if (ca === undefined && insecure !== true) return null;
  if (url.protocol !== 'https:')
    throw usageError(`${ca === undefined ? '--insecure' : '--ca'} is of https:// addresses, and this one is http://.`);
  if (ca === undefined) return { caPem: null, verify: false };
  if (insecure === true)
    throw usageError('--ca says whom to believe and --insecure to believe anyone; give one of them.');
  const caPem = await readText('certificate file', ca);
  try {
    new X509Certificate(caPem);
  } catch (error) {
    throw usageError(`The certificate file ${ca} holds no PEM certificate: ${explain(error)}.`);
  }
  return { caPem, verify: true };
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

async function readText(what: string, file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw usageError(`The ${what} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
  try {
    // A byte order mark is part of a body, like everything else in its file.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw usageError(`The ${what} ${file} is not UTF-8 text.`);
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
  const { phases } = spec;
  const progress = progressLines(phases, context);
  const measuredPhase = phases.length - 1;
  let measurement: PhaseMeasurement | null = null;
  const keep = (phase: number, result: PhaseMeasurement): void => {
    if (phase === measuredPhase) measurement = result;
  };
  try {
    await driver.run(
      spec,
      {},
      {
        nextPhase: async (index) => {
          progress.started(index);
          return phases[index] ?? null;
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
