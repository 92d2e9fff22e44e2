import { longestStartWaitMs, type PhaseMeasurement, type PhaseSnapshot } from '../core/load.ts';
import { mergeMeasurements, mergeSnapshots } from '../core/mergeMeasurements.ts';
import { phaseShares } from '../core/phaseShares.ts';
import type { Phase } from '../core/plan.ts';
import type { PhaseHandlers } from '../core/ports.ts';
import { validityLimits } from '../core/validityLimits.ts';
import type { ConversationHandlers, Told, Word } from './loadConversation.ts';
import { type ClockReading, clockSkew, type ClockSkew } from './podClocks.ts';

/** What a team needs of one of its members: the way to its worker. */
export interface TeamMember {
  tell(phase: number, word: Word, leadMs?: number): Promise<Told | undefined>;
  /** Reads the clock of its pod several times; as often as it could be. */
  readClock(): Promise<readonly ClockReading[]>;
}

/**
 * From the word to the start of a phase of several: the others have to get the word, and all open their connections. It is
 * longer where telling all of them took long before, and the first time, when nothing is known of that.
 */
const leadMs = 3_000;
const firstLeadMs = 6_000;
const leadPerTelling = 2;
const leadMsPerMember = 30;
/** Clocks that are far apart do not come nearer by being read again. */
const mostClockTurns = 2;

interface PhaseUnderWay {
  readonly index: number;
  readonly phase: Phase;
  readonly taking: ReadonlySet<number>;
  readonly starts: Map<number, number>;
  readonly snapshots: Map<number, PhaseSnapshot>;
  readonly measurements: Map<number, PhaseMeasurement>;
  clockSkew: ClockSkew | null;
}

interface AtGate {
  /** The member's own count of phases. */
  readonly phase: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Several load generators that carry out each phase together: they start at one moment, and what they measured is one
 * measurement. A member that is lost, or starts late, makes the phase invalid; after a loss the load ends with its error.
 */
export class LoadTeam {
  readonly #handlers: PhaseHandlers;
  readonly #members: readonly TeamMember[];
  readonly #nodes: readonly (string | null)[];
  readonly #atGate = new Map<number, AtGate>();
  readonly #lost = new Map<number, unknown>();
  #index = 0;
  /** undefined before a phase of several was told. */
  #longestTellingMs: number | undefined;
  #current: PhaseUnderWay | undefined;
  #moving = false;

  /** @param nodes of each member, whose clock it goes by; null where that is not known, as if it had one of its own */
  constructor(members: readonly TeamMember[], handlers: PhaseHandlers, nodes: readonly (string | null)[]) {
    this.#members = members;
    this.#nodes = nodes;
    this.#handlers = handlers;
  }

  /** What the conversation with a member is to do with what it hears. */
  handlersOf(member: number): ConversationHandlers {
    return {
      waiting: async (phase) => {
        const told = new Promise<void>((resolve, reject) => {
          this.#atGate.set(member, { phase, resolve, reject });
        });
        void this.#move();
        await told;
      },
      started: (startMs) => {
        this.#current?.starts.set(member, startMs);
      },
      snapshot: (snapshot) => {
        const current = this.#current;
        if (current === undefined) return;
        current.snapshots.set(member, snapshot);
        // Once a second is enough: the first of them sets the pace.
        const [first] = current.snapshots.keys();
        if (member !== first) return;
        this.#handlers.snapshot(current.index, mergeSnapshots([...current.snapshots.values()]));
      },
      ended: async (measurement) => {
        this.#current?.measurements.set(member, measurement);
        await this.#endPhase();
      },
      warning: (message) => {
        this.#handlers.warning(message);
      },
    };
  }

  /** A member will bring nothing more. */
  async lose(member: number, error: unknown): Promise<void> {
    this.#lost.set(member, error);
    this.#atGate.delete(member);
    await this.#endPhase();
    await this.#move();
  }

  /** The phase has ended when everyone who takes part has brought its measurement or is lost. */
  async #endPhase(): Promise<void> {
    const current = this.#current;
    if (current === undefined || this.#moving) return;
    const { taking, measurements } = current;
    if (![...taking].every((member) => measurements.has(member) || this.#lost.has(member))) return;
    this.#moving = true;
    try {
      const parts = [...measurements.values()];
      const [only] = parts;
      const measurement =
        taking.size === 1 ? only : parts.length === 0 ? undefined : mergeMeasurements(parts, teamOf(current));
      if (measurement !== undefined) await this.#handlers.phaseEnded(current.index, measurement);
      this.#index += 1;
    } finally {
      this.#current = undefined;
      this.#moving = false;
    }
    await this.#move();
  }

  /** Tells everyone what comes next, once all are at the gate. */
  async #move(): Promise<void> {
    if (this.#moving || this.#current !== undefined) return;
    const [loss] = this.#lost.values();
    if (loss !== undefined) {
      this.#release((gate) => {
        gate.reject(loss);
      });
      return;
    }
    if (this.#atGate.size < this.#members.length) return;
    this.#moving = true;
    try {
      const phase = await this.#handlers.nextPhase(this.#index);
      if (phase === null) await this.#tellAll(this.#members.map(() => ({ next: 'end' })));
      else await this.#start(phase);
      this.#release((gate) => {
        gate.resolve();
      });
    } catch (error) {
      this.#release((gate) => {
        gate.reject(error);
      });
    } finally {
      this.#moving = false;
    }
  }

  async #start(phase: Phase): Promise<void> {
    const shares = phaseShares(phase, this.#members.length);
    const words = shares.map((share): Word => {
      if (share === null) return { next: 'rest', seconds: phase.durationSeconds };
      return { next: 'phase', phase: share.phase, startAtMs: null, offsetMs: share.offsetMs };
    });
    const taking = new Set(shares.flatMap((share, member) => (share === null ? [] : [member])));
    const current: PhaseUnderWay = {
      index: this.#index,
      phase,
      taking,
      starts: new Map(),
      snapshots: new Map(),
      measurements: new Map(),
      clockSkew: null,
    };
    this.#current = current;
    if (taking.size <= 1) {
      await this.#tellAll(words);
      return;
    }
    const clocks = await this.#readClocks(taking);
    // The first names the moment by its own clock: this machine's may be far off.
    const usual = (this.#longestTellingMs === undefined ? firstLeadMs : leadMs) + leadMsPerMember * taking.size;
    const lead = Math.min(Math.max(usual, leadPerTelling * (this.#longestTellingMs ?? 0)), longestStartWaitMs);
    const begin = performance.now();
    const first = await this.#tell(0, words[0], lead);
    const startAtMs = first?.startAtMs ?? null;
    await this.#tellAll(
      words.map((word) => (word.next === 'phase' ? { ...word, startAtMs } : word)),
      1,
    );
    this.#longestTellingMs = Math.max(this.#longestTellingMs ?? 0, performance.now() - begin);
    current.clockSkew = clockSkew(clocks);
  }

  /** The clock of each node, read by one of its pods; again while that leaves open whether the start was one. */
  async #readClocks(taking: ReadonlySet<number>): Promise<ClockReading[][]> {
    const readers = new Map<string, number>();
    for (const member of taking) {
      const node = this.#nodes[member] ?? `the node of ${String(member)}`;
      if (!readers.has(node)) readers.set(node, member);
    }
    const clocks = [...readers.values()].map((member) => ({ member, readings: [] as ClockReading[] }));
    if (clocks.length < 2) return clocks.map(({ readings }) => readings);
    for (let turn = 0; turn < mostClockTurns; turn += 1) {
      await Promise.all(
        clocks.map(async ({ member, readings }) => {
          readings.push(...((await this.#members[member]?.readClock()) ?? []));
        }),
      );
      const skew = clockSkew(clocks.map(({ readings }) => readings));
      if (skew !== null && skew.mostMs <= validityLimits.startSpreadMs) break;
    }
    return clocks.map(({ readings }) => readings);
  }

  async #tellAll(words: readonly Word[], from = 0): Promise<(Told | undefined)[]> {
    return await Promise.all(words.slice(from).map((word, at) => this.#tell(at + from, word)));
  }

  async #tell(member: number, word: Word | undefined, lead?: number): Promise<Told | undefined> {
    const gate = this.#atGate.get(member);
    if (gate === undefined || word === undefined) return undefined;
    return await this.#members[member]?.tell(gate.phase, word, lead);
  }

  #release(action: (gate: AtGate) => void): void {
    const gates = [...this.#atGate.values()];
    this.#atGate.clear();
    for (const gate of gates) action(gate);
  }
}

function teamOf({ taking, measurements, clockSkew: skew }: PhaseUnderWay): Parameters<typeof mergeMeasurements>[1] {
  const starts = [...measurements.values()].map(({ window }) => window.startMs);
  return {
    generators: taking.size,
    lost: taking.size - measurements.size,
    startSpreadMs: starts.length === 0 ? 0 : Math.max(...starts) - Math.min(...starts),
    clockSkewMs: skew?.leastMs ?? null,
    clockSkewMostMs: skew?.mostMs ?? null,
  };
}
