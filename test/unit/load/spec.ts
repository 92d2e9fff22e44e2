import type { LoadSpec, PhaseMeasurement, PhaseSnapshot } from '../../../src/core/load.ts';
import type { OpenPhase, Phase } from '../../../src/core/plan.ts';
import type { LoadOutcome } from '../../../src/core/ports.ts';
import type { LocalLoadDriver, LocalLoadHandlers } from '../../../src/load/driver.ts';

/** A short load of one phase; a test names what it is about. */
export function loadSpec(parts: Partial<LoadSpec> & { connections?: number; durationSeconds?: number }): LoadSpec {
  const { connections = 8, durationSeconds = 1, ...rest } = parts;
  return {
    url: 'http://127.0.0.1:1/',
    tls: null,
    method: 'GET',
    headers: {},
    secretHeader: null,
    bodies: [],
    seed: 1,
    timeoutMs: 5_000,
    phases: [{ name: 'load', kind: 'measured', loop: 'closed', connections, durationSeconds }],
    gate: 'none',
    gateTimeoutSeconds: 20,
    ...rest,
  };
}

/** An open loop of 200 requests a second, Poisson. */
export function openPhase(parts: Partial<OpenPhase> = {}): OpenPhase {
  return {
    name: 'load',
    kind: 'measured',
    loop: 'open',
    ratePerSecond: 200,
    arrivals: 'poisson',
    maxInFlight: 256,
    durationSeconds: 1,
    ...parts,
  };
}

export interface Heard extends Omit<LocalLoadHandlers, 'nextPhase'> {
  beforePhase(phase: number): Promise<void>;
  readonly calls: string[];
  readonly ended: PhaseMeasurement[];
  readonly cancelled: PhaseMeasurement[];
  readonly snapshots: PhaseSnapshot[];
}

/** Handlers that keep what they are told. */
export function listen(also: Partial<Heard> = {}): Heard {
  const calls: string[] = [];
  const ended: PhaseMeasurement[] = [];
  const cancelled: PhaseMeasurement[] = [];
  const snapshots: PhaseSnapshot[] = [];
  return {
    calls,
    ended,
    cancelled,
    snapshots,
    beforePhase: async (phase) => {
      calls.push(`before ${String(phase)}`);
      await also.beforePhase?.(phase);
    },
    phaseEnded: async (phase, measurement) => {
      calls.push(`ended ${String(phase)}`);
      ended.push(measurement);
      await also.phaseEnded?.(phase, measurement);
    },
    phaseCancelled: (phase, measurement) => {
      calls.push(`cancelled ${String(phase)}`);
      cancelled.push(measurement);
    },
    snapshot: (phase, snapshot) => {
      snapshots.push(snapshot);
      also.snapshot?.(phase, snapshot);
    },
    warning: (message) => {
      calls.push(`warning ${message}`);
    },
  };
}

/** Runs a load of which all phases are known, those of its spec. */
export function carryOut(
  driver: LocalLoadDriver,
  spec: LoadSpec,
  environment: Readonly<Record<string, string>>,
  heard: Heard,
  signal: AbortSignal,
): Promise<LoadOutcome> {
  const nextPhase = async (index: number): Promise<Phase | null> => {
    const phase = spec.phases[index];
    if (phase === undefined) return null;
    await heard.beforePhase(index);
    return phase;
  };
  return driver.run(spec, environment, { ...heard, nextPhase }, signal);
}
