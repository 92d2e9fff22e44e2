/**
 * The load worker: a program of its own, so that nothing else delays its requests. `node worker.cjs SPEC.json`, or "-" to
 * read the spec from the first line of standard input. It writes messages (core/load.ts) as lines of JSON to standard
 * output and ends with 0 when all phases are done, with 1 otherwise. SIGTERM ends it within a second, and so does the end
 * of standard input when the gate is "stdin": then its controller is gone.
 */
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { BenchError, cancelled, isCancelled, toBenchError } from '../core/errors.ts';
import { type Go, loadSpecSchema, type LoadSpec, type PhaseMeasurement } from '../core/load.ts';
import type { Phase } from '../core/plan.ts';
import { seededOrder } from '../core/seededOrder.ts';
import { type Alarm, startAlarm } from './alarm.ts';
import { autocannonVersion } from './autocannon.ts';
import { checkEndpoint } from './checkEndpoint.ts';
import { type ClosedLoopClient, runClosedLoopPhase } from './closedLoopPhase.ts';
import { type ControlInput, nextWord, readControl } from './control.ts';
import { type Endpoint, openEndpoint } from './endpoint.ts';
import { createMessageWriter, type MessageWriter } from './messageWriter.ts';
import { runOpenLoopPhase } from './openLoopPhase.ts';
import { createOverheads, type Overhead } from './overhead.ts';
import type { EndedPhase, PhaseListener } from './phase.ts';
import { requestBytes } from './requestBytes.ts';
import { runThread } from './threads.ts';

/** After a signal or the controller's death: however the rest goes, the process is gone by then. */
const longestEndMs = 800;
/** Kubernetes sets it for each pod of an Indexed Job, as several load generators are. */
const indexVariable = 'JOB_COMPLETION_INDEX';
/** A prime, so that the seeds of several generators and of runs with the next seed do not meet. */
const seedStep = 7_919;

interface Ending {
  readonly signal: AbortSignal;
  /** {"stop":true} asks for what was measured so far; a kill does not. */
  reportPartial: boolean;
}

async function main(): Promise<void> {
  const writer = createMessageWriter(process.stdout);
  const controller = new AbortController();
  const ending: Ending = { signal: controller.signal, reportPartial: false };
  const end = (): void => {
    controller.abort();
    setTimeout(() => process.exit(1), longestEndMs).unref();
  };
  process.on('SIGTERM', end);
  let control: ControlInput | undefined;
  try {
    const argument = process.argv[2];
    if (argument === undefined)
      throw new BenchError({ reason: 'plan-invalid', message: 'Usage: node worker.cjs SPEC.json, or "-".' });
    if (argument === '-') control = readControl(process.stdin, true);
    const spec = parseSpec(control === undefined ? readFileSync(argument, 'utf8') : await control.firstLine);
    if (spec.gate === 'stdin') {
      control ??= readControl(process.stdin, false);
      // Ctrl-C in a terminal reaches this process too; what becomes of the load is for its controller to say.
      process.on('SIGINT', () => undefined);
      void control.ended.then(end);
      void control.stopped.then(() => {
        ending.reportPartial = true;
        controller.abort();
      });
    } else {
      process.on('SIGINT', end);
    }
    process.stdout.on('error', end);
    await runPhases(spec, control, writer, ending);
    writer.write({ type: 'finished' });
  } catch (error) {
    const failure = toBenchError(error, 'generating load');
    writer.write({
      type: 'failed',
      reason: failure.reason,
      message: failure.message,
      nextStep: failure.nextStep ?? null,
    });
    if (!isCancelled(failure)) process.stderr.write(`${failure.message}\n`);
    process.exitCode = 1;
  }
  control?.close();
  await writer.flush();
  process.exit();
}

async function runPhases(
  spec: LoadSpec,
  control: ControlInput | undefined,
  writer: MessageWriter,
  ending: Ending,
): Promise<void> {
  const load = await prepare(spec, writer, ending.signal);
  let restSeconds = 0;
  for (let phase = 0; ; phase += 1) {
    if (spec.gate !== 'none') writer.write({ type: 'waiting', phase });
    const word = await nextWord(spec, phase, restSeconds, control, ending.signal);
    if (word.next === 'end') return;
    restSeconds = word.next === 'rest' ? word.seconds : 0;
    if (word.next === 'rest') continue;
    const measurement = await load.run(
      word,
      {
        started: (startMs) => {
          writer.write({ type: 'phase-started', phase, startMs });
        },
        snapshot: (snapshot) => {
          writer.write({ type: 'snapshot', phase, snapshot });
        },
      },
      ending.signal,
    );
    if (!ending.signal.aborted || ending.reportPartial) writer.write({ type: 'phase-ended', phase, measurement });
    if (ending.signal.aborted) throw cancelled(`phase ${String(phase)} of the load was under way`);
  }
}

type PhaseWord = Extract<Go, { next: 'phase' }>;

const anyClosedPhase: Phase = { name: '', kind: 'measured', loop: 'closed', connections: 1, durationSeconds: 1 };

interface PreparedLoad {
  run(word: PhaseWord, listener: PhaseListener, signal: AbortSignal): Promise<PhaseMeasurement>;
}

/** What can go wrong before a request is sent does so here, or before the first phase that needs it. */
async function prepare(spec: LoadSpec, writer: MessageWriter, signal: AbortSignal): Promise<PreparedLoad> {
  // Each of several generators draws its own order and its own moments.
  const seedOf = (seed: number): number => seed + seedStep * Number(process.env[indexVariable] ?? 0);
  const requests = requestBytes({ ...spec, seed: seedOf(spec.seed) }, process.env);
  const endpoint = openEndpoint(spec);
  writer.write({ type: 'ready', node: process.version, autocannon: autocannonVersion });
  const client = endpoint.secure ? 'own' : 'autocannon';
  const check = async (): Promise<void> => {
    await checkEndpoint(endpoint, spec.timeoutMs, signal);
  };
  // autocannon opens its own connections, and counts what becomes of them.
  const open = spec.phases.some((phase) => phase.loop === 'open');
  let checked = endpoint.secure || open ? check() : undefined;
  await checked;
  let alarm: Alarm | undefined;
  const overheads = createOverheads(client);
  const measureOverhead = async (phase: Phase, until: AbortSignal): Promise<Overhead> => {
    if (phase.kind === 'warm-up') return null;
    if (phase.loop === 'open') alarm ??= await startAlarm();
    return await overheads.of(phase, alarm, until);
  };
  let givenUpBefore = spec.awaitsAnswers === true ? 0 : null;
  // Before anybody is told that a phase begins; the rate of an open loop may be known only then.
  for (const phase of spec.phases.length > 0 ? spec.phases : [anyClosedPhase]) await measureOverhead(phase, signal);
  return {
    run: async ({ phase, startAtMs, offsetMs }, listener, until) => {
      if (phase.loop === 'open') {
        alarm ??= await startAlarm();
        await (checked ??= check());
      }
      const overheadMs = await measureOverhead(phase, until);
      const seed = seedOf(phase.seed ?? spec.seed);
      const ordered = phase.seed === undefined ? requests : inOrder(requests, seed);
      const parts = {
        spec: { ...spec, seed },
        requests: ordered,
        endpoint,
        alarm,
        client,
        startAtMs,
        offsetMs,
      } as const;
      const { measurement, givenUp } = await runPhase(phase, parts, listener, until);
      const generator = { ...measurement.generator, overheadMs, givenUpBefore };
      if (givenUpBefore !== null) givenUpBefore = givenUp;
      return { ...measurement, generator };
    },
  };
}

function inOrder(requests: readonly Buffer[], seed: number): Buffer[] {
  return seededOrder(requests.length, seed).flatMap((index) => requests[index] ?? []);
}

function runPhase(
  phase: Phase,
  parts: {
    readonly spec: LoadSpec;
    readonly requests: readonly Buffer[];
    readonly endpoint: Endpoint;
    readonly alarm: Alarm | undefined;
    readonly client: ClosedLoopClient;
    readonly startAtMs: number | null;
    readonly offsetMs: number;
  },
  listener: PhaseListener,
  signal: AbortSignal,
): Promise<EndedPhase> {
  const { spec, requests, endpoint, alarm, client, startAtMs, offsetMs } = parts;
  const { url, timeoutMs, seed, awaitsAnswers = false } = spec;
  const tellsHistogram = process.env[indexVariable] !== undefined;
  const shared = { timeoutMs, awaitsAnswers, requests, startAtMs, tellsHistogram };
  if (phase.loop === 'closed')
    return runClosedLoopPhase({ ...phase, ...shared, url, client }, endpoint, listener, signal);
  if (alarm === undefined) throw new Error('An open loop needs an alarm.');
  return runOpenLoopPhase({ ...phase, ...shared, seed, offsetMs }, endpoint, alarm, listener, signal);
}

function parseSpec(text: string | undefined): LoadSpec {
  const what = 'The load worker was given a spec that it cannot read';
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch (error) {
    throw new BenchError({ reason: 'plan-invalid', message: `${what}: it is no JSON.`, cause: error });
  }
  const parsed = loadSpecSchema.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new BenchError({ reason: 'plan-invalid', message: `${what}: ${problems}.` });
  }
  if (!/^https?:\/\//.test(parsed.data.url)) {
    throw new BenchError({ reason: 'plan-invalid', message: `${what}: only http:// and https:// can be loaded.` });
  }
  return parsed.data;
}

if (isMainThread) void main();
else runThread();
