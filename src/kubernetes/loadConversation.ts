import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError, isCancelled, throwIfCancelled } from '../core/errors.ts';
import type { Go, LoadSpec, PhaseMeasurement, PhaseSnapshot, WorkerMessage } from '../core/load.ts';
import type { LoadOutcome } from '../core/ports.ts';
import { createWorkerMessageReader, type WorkerMessageReader } from '../core/workerMessages.ts';
import { gateDirectory } from '../topologies/loadGenerator.ts';
import type { Pod } from './apiObjects.ts';
import { connectionLost } from './channelSocket.ts';
import type { Cluster } from './cluster.ts';
import { endedPod } from './diagnose.ts';
import { exec, notStarted, openExec } from './exec.ts';
import { followLog, type ContainerName } from './logs.ts';
import type { ClockReading } from './podClocks.ts';
import { failure } from './ready.ts';
import { objectPath } from './resources.ts';
import { isConnectionTrouble, isStatus, refusal } from './statusError.ts';

/** One try to open a gate, from connecting to the command's exit code. */
const gateAttemptMs = 15_000;
const lookWithinMs = 10_000;
/** The worker says how a phase stands each second, save at its end, so a stream that is silent for longer is dead. */
const silenceMs = 30_000;

/** Above it an exit code says by which signal a command was killed. */
const leastSignalled = 128;

/** A word for one worker, before its number is known. */
export type Word = Go extends infer Each ? (Each extends Go ? Omit<Each, 'go'> : never) : never;

/** What the worker of a pod says, and what it is answered. `phase` is the worker's own count, from 0. */
export interface ConversationHandlers {
  /** The worker waits for its next word: what is done with `tell` is up to the listener, before it resolves. */
  waiting(phase: number): Promise<void>;
  snapshot(snapshot: PhaseSnapshot): void;
  started(startMs: number): void;
  ended(measurement: PhaseMeasurement): Promise<void>;
  warning(message: string): void;
}

/** What was heard when a word was taken to its worker. */
export interface Told {
  /** As the worker has it now. */
  readonly startAtMs: number | null;
}

/**
 * Puts the word in place whole, once: a second try finds the first one's. Node itself writes it, since nothing else is known
 * to be in the image. Arguments: file, word, and "" or the milliseconds from now at which the phase starts.
 */
const tellScript = [
  'const fs=require("node:fs"),[file,word,lead]=process.argv.slice(1);',
  'if(!fs.existsSync(file)){const go=JSON.parse(word);if(lead!=="")go.startAtMs=Date.now()+Number(lead);',
  'fs.writeFileSync(file+".new",JSON.stringify(go));fs.renameSync(file+".new",file)}',
  'console.log(JSON.stringify({startAtMs:JSON.parse(fs.readFileSync(file,"utf8")).startAtMs??null}))',
].join('');

/** Says what time it is for each line that comes, until there come no more. */
const clockScript = 'process.stdin.on("data",()=>console.log(Date.now()))';
const clockReadings = 5;
const clockWithinMs = 10_000;

/** One talk with the worker in a pod: it says what it does in its log, and is told to go on by files. */
export class LoadConversation {
  readonly #cluster: Cluster;
  readonly #of: ContainerName;
  readonly #spec: LoadSpec;
  readonly #handlers: ConversationHandlers;
  readonly #signal: AbortSignal;
  #software: LoadOutcome | undefined;
  #failed: string | undefined;
  #finished = false;
  /** Number of the phase that it was told to carry out and has not ended yet. */
  #running: number | undefined;
  /** Until then, by performance.now(), the worker waits for its next word at the least. */
  #waitsUntilMs: number;
  /** How long others work while it rests: it waits for so much longer. */
  #restMs = 0;

  constructor(
    cluster: Cluster,
    of: ContainerName,
    spec: LoadSpec,
    handlers: ConversationHandlers,
    signal: AbortSignal,
  ) {
    this.#cluster = cluster;
    this.#of = of;
    this.#spec = spec;
    this.#handlers = handlers;
    this.#signal = signal;
    this.#waitsUntilMs = performance.now() + this.#gateTimeoutMs;
  }

  async carryOut(): Promise<LoadOutcome> {
    const reader = createWorkerMessageReader();
    for (let silent = 0; ; silent += 1) {
      const end = await this.#end();
      const heard = await this.#readStream(reader);
      throwIfCancelled(this.#signal, 'the load was under way');
      if (this.#failed !== undefined) throw loadFailed(this.#failed);
      if (this.#finished && this.#software !== undefined) return this.#software;
      // Only a log read after the end is known to be whole.
      if (end !== undefined) throw await this.#endedEarly(end);
      if (performance.now() > this.#waitsUntilMs) throw loadFailed('nothing could be heard of it for too long');
      // One word for each outage, however often the stream is tried meanwhile.
      if (heard) {
        this.#handlers.warning('The log stream of the load generator was lost and is read again.');
        silent = 0;
      }
      reader.restart();
      await this.#pause(silent);
    }
  }

  get #gateTimeoutMs(): number {
    return this.#spec.gateTimeoutSeconds * 1000;
  }

  /**
   * Reads one stream to its end; a broken one looks like one that is finished.
   * @returns whether anything came
   */
  async #readStream(reader: WorkerMessageReader): Promise<boolean> {
    const dead = new AbortController();
    const silence = (): NodeJS.Timeout =>
      setTimeout(() => {
        dead.abort();
      }, silenceMs + this.#spec.timeoutMs);
    let timer = silence();
    let heard = false;
    try {
      const lines = followLog(this.#cluster, this.#of, {}, AbortSignal.any([this.#signal, dead.signal]));
      for await (const line of lines) {
        clearTimeout(timer);
        heard = true;
        for (const output of reader.line(line)) {
          if (output.kind === 'gap') this.#handlers.warning("Lines of the load generator's log are missing.");
          else if (output.kind === 'message') await this.#take(output.message);
        }
        if (this.#finished || this.#failed !== undefined) return true;
        timer = silence();
      }
    } catch (error) {
      const lost = dead.signal.aborted && isCancelled(error) && !this.#signal.aborted;
      if (!lost && !isBrokenStream(error)) throw refusal(error, "read the load generator's log");
    } finally {
      clearTimeout(timer);
    }
    return heard;
  }

  async #take(message: WorkerMessage): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#software = { node: message.node, autocannon: message.autocannon };
        return;
      case 'waiting':
        if (this.#running !== undefined)
          throw loadFailed(`the result of phase ${String(this.#running)} is missing from its log`);
        this.#waitsUntilMs = performance.now() + this.#restMs + this.#gateTimeoutMs;
        await this.#handlers.waiting(message.phase);
        return;
      case 'phase-started':
        this.#handlers.started(message.startMs);
        return;
      case 'snapshot':
        this.#handlers.snapshot(message.snapshot);
        return;
      case 'phase-ended':
        this.#running = undefined;
        this.#waitsUntilMs = performance.now() + this.#gateTimeoutMs;
        await this.#handlers.ended(message.measurement);
        return;
      case 'finished':
        this.#finished = true;
        return;
      case 'failed':
        this.#failed = message.message;
        return;
    }
  }

  /**
   * Takes a word to the worker; tried again for as long as the worker waits.
   * @param leadMs from the moment at which the pod has the word to the phase's start; undefined: at once, or as the word says
   * @returns what was heard; undefined when the worker has ended meanwhile, which it says at the end of its log
   */
  async tell(phase: number, word: Word, leadMs?: number): Promise<Told | undefined> {
    const file = `${gateDirectory}/go-${String(phase)}`;
    const go = JSON.stringify({ go: phase, ...word });
    const command = ['node', '-e', tellScript, file, go, leadMs === undefined ? '' : String(leadMs)];
    let killed = '';
    for (let attempt = 1; ; attempt += 1) {
      const limit = AbortSignal.timeout(gateAttemptMs);
      try {
        const both = AbortSignal.any([this.#signal, limit]);
        const { exitCode, stdout, stderr } = await exec(this.#cluster, this.#of, command, both);
        if (exitCode === 0) {
          this.#told(word, phase);
          return toldOf(stdout);
        }
        // A container that ends takes the command with it, also one whose word was just what it waited for.
        if (exitCode > leastSignalled) killed = `; its command was killed, exit code ${String(exitCode)}`;
        if (exitCode === notStarted || exitCode > leastSignalled) throw connectionLost();
        throw loadFailed(`it could not be told to start a phase: ${stderr.trim()}`);
      } catch (error) {
        throwIfCancelled(this.#signal, 'a phase was about to start');
        // A worker that has ended meanwhile says why at the end of its log.
        if ((await this.#end()) !== undefined) return undefined;
        const unknownYet = isConnectionTrouble(error) || (limit.aborted && isCancelled(error));
        if (!unknownYet) throw error;
        if (performance.now() > this.#waitsUntilMs)
          throw loadFailed(`it could not be told to start a phase for as long as it waited${killed}`);
      }
      await this.#pause(attempt);
      throwIfCancelled(this.#signal, 'a phase was about to start');
    }
  }

  /**
   * Reads the pod's clock several times, by one command that answers each line with it: only the first reading takes as long as
   * the command's start. What went wrong leaves the readings until then; it does not end the load.
   */
  async readClock(): Promise<readonly ClockReading[]> {
    const readings: ClockReading[] = [];
    const limit = AbortSignal.any([this.#signal, AbortSignal.timeout(clockWithinMs)]);
    let hear: (podMs: number) => void = () => undefined;
    const output = {
      stdout: (data: Buffer) => {
        hear(Number(data.toString('utf8')));
      },
      stderr: () => undefined,
    };
    try {
      const session = await openExec(this.#cluster, this.#of, ['node', '-e', clockScript], output, limit);
      try {
        for (let reading = 0; reading < clockReadings; reading += 1) {
          const heard = new Promise<number>((resolve) => {
            hear = resolve;
          });
          const afterMs = performance.now();
          await session.send(Buffer.from('\n'));
          const podMs = await Promise.race([heard, session.exitCode.then(() => Promise.reject(connectionLost()))]);
          readings.push({ podMs, afterMs, beforeMs: performance.now() });
        }
        await session.endInput();
      } finally {
        session.close();
      }
    } catch {
      throwIfCancelled(this.#signal, 'the clocks of the load generators were read');
    }
    return readings.filter(({ podMs }) => Number.isFinite(podMs));
  }

  #told(word: Word, phase: number): void {
    const seconds = word.next === 'phase' ? word.phase.durationSeconds : word.next === 'rest' ? word.seconds : 0;
    if (word.next === 'phase') this.#running = phase;
    this.#restMs = word.next === 'rest' ? seconds * 1000 : 0;
    this.#waitsUntilMs = performance.now() + seconds * 1000 + this.#spec.timeoutMs + this.#gateTimeoutMs;
  }

  /** The pod, when its container has ended; undefined while it runs, and while that cannot be known. */
  async #end(): Promise<Pod | 'deleted' | undefined> {
    const path = objectPath('Pod', this.#of.namespace, this.#of.pod);
    try {
      const pod = (await this.#cluster.get(path, this.#signal, { onceWithinMs: lookWithinMs })) as Pod;
      return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded' ? pod : undefined;
    } catch (error) {
      if (isStatus(error, 404)) return 'deleted';
      if (isConnectionTrouble(error)) return undefined;
      throw refusal(error, "read the load generator's pod");
    }
  }

  async #pause(tries: number): Promise<void> {
    await sleep(Math.min(200 * tries, 2_000), undefined, { signal: this.#signal }).catch(() => undefined);
  }

  async #endedEarly(pod: Pod | 'deleted'): Promise<BenchError> {
    if (pod === 'deleted') return loadFailed('its pod was deleted');
    const finding = endedPod('the load generator', pod);
    if (finding.state === 'waiting') return loadFailed('it ended before its work was done');
    const error = await failure(this.#cluster, finding, this.#of.namespace, pod, this.#signal);
    return loadFailed(error.message.replace(/\.$/u, ''));
  }
}

export function loadFailed(why: string): BenchError {
  return new BenchError({
    reason: 'load-failed',
    message: `The load generator in the cluster failed: ${why}.`,
    nextStep: 'Check its image and the resources of its node, or load from this machine.',
  });
}

/** The API server answers 400 while a container has not started and 404 when its pod is gone: the pod itself tells more. */
function isBrokenStream(error: unknown): boolean {
  return isConnectionTrouble(error) || isStatus(error, 400) || isStatus(error, 404);
}

function toldOf(output: string): Told {
  try {
    return JSON.parse(output) as Told;
  } catch {
    // The word is there; what was said of it got lost.
    return { startAtMs: null };
  }
}
