import * as vscode from 'vscode';
import { cancelled, explain, isCancelled, toBenchError, type BenchError } from '../core/errors.ts';
import { reduce, startState, type RunEvent, type RunState } from '../core/events.ts';
import type { Plan } from '../core/plan.ts';
import type { BenchmarkChoices } from './choices.ts';
import { poolName, subjectName } from './describe.ts';
import { tellingRows } from './figures.ts';
import type { Memory } from './memory.ts';
import type { PreparedRun, RunEnd } from './prepare.ts';
import { throttle } from './throttle.ts';

/** A run of this window, from the queue to its end. */
export interface LiveRun {
  readonly id: string;
  readonly choices: BenchmarkChoices;
  readonly plan: Plan;
  readonly subject: string;
  /** null while it is queued. */
  readonly state: RunState | null;
  /** By performance.now(); of a queued run, when it was queued. */
  readonly beganAtMs: number;
  /** What a queued run waits for. */
  readonly waitsFor: string;
  readonly cancelling: boolean;
  /** null until everything is over, clean-up included. */
  readonly end: RunEnd | null;
}

interface Entry {
  run: LiveRun;
  readonly prepared: PreparedRun;
  readonly stop: AbortController;
  /** It has a process of its own. */
  isBegun: boolean;
  readonly news: ReturnType<typeof throttle>;
}

/** Ended runs that are remembered, so that a record that could not be saved can still be looked at. */
const keptEndedRuns = 10;
const newsIntervalMs = 1000;

/**
 * The runs of this window. Those that would use the same GPUs, or load from this machine, wait for each other, and for those of
 * other windows and of the command line. Listeners
 * hear of a run about once a second, and at once when it ends. A run has a process of its own, and goes on when the window closes.
 */
export class Runs implements vscode.Disposable {
  readonly #memory: Memory;
  readonly #log: vscode.LogOutputChannel;
  readonly #entries = new Map<string, Entry>();
  readonly #endings = new Map<string, Promise<RunEnd>>();
  readonly #changed = new vscode.EventEmitter<LiveRun>();
  readonly #ended = new vscode.EventEmitter<LiveRun>();
  readonly #left = new AbortController();
  readonly onDidChange = this.#changed.event;
  readonly onDidEnd = this.#ended.event;

  constructor(memory: Memory, log: vscode.LogOutputChannel) {
    this.#memory = memory;
    this.#log = log;
  }

  /** Runs that are queued or under way, oldest first. */
  active(): readonly LiveRun[] {
    return [...this.#entries.values()].map((entry) => entry.run).filter((run) => run.end === null);
  }

  get(id: string): LiveRun | undefined {
    return this.#entries.get(id)?.run;
  }

  /** Queues a run, or starts it, or watches one that another window began. `ended` never rejects. */
  start(prepared: PreparedRun): { readonly run: LiveRun; readonly ended: Promise<RunEnd> } {
    const { runId, choices, plan } = prepared;
    const run: LiveRun = {
      id: runId,
      choices,
      plan,
      subject: subjectName(choices.subject),
      state: null,
      beganAtMs: performance.now(),
      waitsFor: '',
      cancelling: false,
      end: null,
    };
    const entry: Entry = {
      run,
      prepared,
      stop: new AbortController(),
      isBegun: prepared.isUnderWay,
      news: throttle(newsIntervalMs, () => {
        this.#changed.fire(entry.run);
      }),
    };
    const before = prepared.isUnderWay
      ? []
      : this.#active().filter((other) => other.prepared.pools.some((pool) => prepared.pools.includes(pool)));
    this.#entries.set(runId, entry);
    const ended = this.#carryOut(entry, before);
    this.#endings.set(runId, ended);
    return { run, ended };
  }

  /** Asks a run to stop; it ends after it has cleaned up. False when there is no such run under way. */
  cancel(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry?.run.end !== null) return false;
    this.#update(entry, { cancelling: true });
    entry.stop.abort();
    entry.news.flush();
    return true;
  }

  /**
   * Saves the record of an ended run that could not be saved, where the settings say by now.
   * @throws BenchError save-failed
   */
  async saveAgain(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    const { end } = entry?.run ?? {};
    if (entry === undefined || !end?.record) return;
    let notSaved: BenchError | null = null;
    try {
      await entry.prepared.save(end.record);
    } catch (error) {
      notSaved = toBenchError(error, 'saving the record');
    }
    entry.run = { ...entry.run, end: { ...end, notSaved } };
    this.#changed.fire(entry.run);
    if (notSaved !== null) throw notSaved;
  }

  /**
   * The window closes: what is queued is left for the next window to offer, and what is under way goes on without it.
   * @param stop what is under way is asked to stop, and cleans up by itself; not what another window looks after
   */
  leave(stop: boolean): void {
    for (const { run, isBegun, prepared } of this.#active()) {
      if (!isBegun || (stop && prepared.hold.isOurs)) this.cancel(run.id);
    }
    this.#left.abort();
  }

  dispose(): void {
    this.leave(false);
    for (const { news } of this.#entries.values()) news.dispose();
    this.#changed.dispose();
    this.#ended.dispose();
  }

  #active(): Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.run.end === null);
  }

  /** Never rejects: whoever waits for a run, the next one in its queue included, must learn that it is over. */
  async #carryOut(entry: Entry, before: readonly Entry[]): Promise<RunEnd> {
    let end: RunEnd;
    try {
      await this.#queue(entry, before);
      await this.#note(entry);
      end = await this.#measure(entry);
    } catch (error) {
      await entry.prepared.turn.giveUp();
      end = {
        record: null,
        failure: toBenchError(error, 'starting the benchmark'),
        notSaved: null,
        leftBehind: null,
        kept: null,
      };
    }
    await this.#noteStopped(entry, end);
    this.#logEnd(entry.run, end);
    this.#endings.delete(entry.run.id);
    entry.run = { ...entry.run, end };
    entry.news.dispose();
    // Where this window knows no more of it, its record, if there is one, tells.
    if (isUnknown(end)) this.#entries.delete(entry.run.id);
    this.#forgetOldest();
    this.#changed.fire(entry.run);
    this.#ended.fire(entry.run);
    return end;
  }

  async #queue(entry: Entry, before: readonly Entry[]): Promise<void> {
    let noted: Promise<void> | undefined;
    const waits = (waitsFor: string): void => {
      noted ??= this.#noteQueued(entry);
      if (entry.run.waitsFor !== waitsFor) this.#update(entry, { waitsFor });
    };
    try {
      await this.#waitFor(entry, before, waits);
      await entry.prepared.turn.take(waits, entry.stop.signal);
    } finally {
      await noted;
      // What still waits when the window closes is offered by the next one.
      if (noted !== undefined && !this.#left.signal.aborted) await this.#memory.forgetQueued(entry.run.id);
    }
    this.#update(entry, { waitsFor: '' });
  }

  /** For those of this window. */
  async #waitFor(entry: Entry, before: readonly Entry[], waits: (text: string) => void): Promise<void> {
    const { signal } = entry.stop;
    for (const other of before) {
      const ending = this.#endings.get(other.run.id);
      if (ending === undefined) continue;
      waits(
        vscode.l10n.t(
          'Waits for the benchmark of {0}, which uses {1}.',
          other.run.subject,
          other.prepared.pools.map(poolName).join(', '),
        ),
      );
      await Promise.race([ending, aborted(signal)]);
      if (signal.aborted) throw cancelled('the run waited for another one');
    }
  }

  /** Never rejects: a run that waits needs no memory to begin. */
  async #noteQueued({ run }: Entry): Promise<void> {
    try {
      await this.#memory.rememberRun(run.id, run.choices);
      await this.#memory.noteQueued({ runId: run.id, pid: process.pid });
    } catch (error) {
      this.#log.warn(`${run.id}: was not remembered: ${explain(error)}`);
    }
  }

  /** What must be kept before anything is made: without it nobody would look for the remains of a run that was cut off. */
  async #note({ run }: Entry): Promise<void> {
    const { target } = run.choices;
    await this.#memory.rememberRun(run.id, run.choices);
    if (target.kind !== 'kubernetes') return;
    const { context, namespace } = target;
    await this.#memory.noteUnfinished({ runId: run.id, context, namespace, startedAt: new Date().toISOString() });
  }

  /** Never rejects. What was stopped before its first figure has no record that says so; what waits when the window closes was not stopped. */
  async #noteStopped({ run, isBegun }: Entry, { record, failure }: RunEnd): Promise<void> {
    if (record !== null || !isCancelled(failure) || (!isBegun && this.#left.signal.aborted)) return;
    try {
      await this.#memory.noteStoppedEarly(run.id, { begun: isBegun });
    } catch (error) {
      this.#log.warn(`${run.id}: that it was stopped was not remembered: ${explain(error)}`);
    }
  }

  async #measure(entry: Entry): Promise<RunEnd> {
    entry.isBegun = true;
    const end = await entry.prepared.carryOut(
      (event) => {
        this.#hear(entry, event);
      },
      entry.stop.signal,
      this.#left.signal,
    );
    try {
      if (end.leftBehind === null) await this.#memory.forgetUnfinished(entry.run.id);
      if (end.record !== null && tellingRows(end.record).length > 0) {
        const { subject, plan } = entry.run.choices;
        const isCompleted = end.record.status === 'completed';
        await this.#memory.rememberMeasured(entry.run.id, subject, isCompleted);
        if (plan !== undefined) await this.#memory.rememberMeasured(entry.run.id, plan, isCompleted);
      }
    } catch (error) {
      // A window that closes takes its memory away first; the run has ended all the same.
      this.#log.warn(`${entry.run.id}: was not remembered: ${explain(error)}`);
    }
    return end;
  }

  /** Never throws: nothing that is shown or logged may stop the run, least of all its clean-up. */
  #hear(entry: Entry, event: RunEvent): void {
    try {
      this.#logEvent(entry.run, event);
      const { state } = entry.run;
      if (event.type === 'run-started')
        this.#update(entry, { state: startState(event), beganAtMs: performance.now() - agoMs(entry, event.at) });
      else if (state !== null) this.#update(entry, { state: reduce(state, event) });
    } catch (error) {
      this.#log.error(`${entry.run.id}: the event ${event.type} could not be shown: ${explain(error)}`);
    }
  }

  #update(entry: Entry, change: Partial<LiveRun>): void {
    entry.run = { ...entry.run, ...change };
    entry.news.request();
  }

  #forgetOldest(): void {
    // A record that is nowhere else is kept as long as the window.
    const ended = [...this.#entries.values()].filter(({ run }) => run.end !== null && run.end.notSaved === null);
    for (const { run } of ended.slice(0, -keptEndedRuns)) this.#entries.delete(run.id);
  }

  #logEvent(run: LiveRun, event: RunEvent): void {
    const about = (topology: string | null): string => (topology === null ? run.id : `${run.id} ${topology}`);
    switch (event.type) {
      case 'run-started':
        this.#log.info(`${run.id}: begins with ${run.plan.topologies.map((topology) => topology.name).join(', ')}`);
        break;
      case 'stage':
        this.#log.info(`${about(event.topology)}: ${event.stage}`);
        break;
      case 'status':
        this.#log.info(`${about(event.topology)}: ${event.message}`);
        break;
      case 'warning':
        this.#log.warn(`${run.id}: ${event.message}`);
        break;
      case 'upload':
      case 'phase-started':
      case 'phase-snapshot':
      case 'phase-ended':
      case 'repetition-ended':
      case 'topology-ended':
      case 'run-ended':
      case 'run-closed':
        // The panel and the tree show these; once a second would drown the rest.
        break;
    }
  }

  #logEnd(run: LiveRun, end: RunEnd): void {
    if (end.record !== null) this.#log.info(`${run.id}: ${end.record.status}`);
    else this.#log.info(`${run.id}: ended, without a record that this window has`);
    if (end.failure !== null) this.#log.info(`${run.id}: measured nothing [${end.failure.reason}]`);
  }
}

/** Another window has seen how it ended, or the journal could not hold its record. */
function isUnknown({ record, failure, notSaved }: RunEnd): boolean {
  return record === null && failure === null && notSaved === null;
}

/** How long ago a run began that another window has begun; a clock that was set back makes it no time from now. */
function agoMs({ prepared }: Entry, at: string): number {
  return prepared.isUnderWay ? Math.max(0, Date.now() - Date.parse(at)) : 0;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
  });
}
