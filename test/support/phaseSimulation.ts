import { seededRandom } from '../../src/core/seededRandom.ts';
import type { TimeWindows } from '../../src/core/windows.ts';
import { createWindowRecorder } from '../../src/load/windowRecorder.ts';

/** Made-up load whose truth is known, to hold the statistics to. Nothing of this was measured by anybody. */

export type Emit = (atMs: number, latencyMs: number) => void;
type Random = () => number;
/** Emits what ends in a phase, in the order of time. */
export type Simulation = (random: Random, seconds: number, requestsPerSecond: number, emit: Emit) => void;

export const simulations = {
  lognormal: arrivals(correlated(0, 0.5)),
  'bimodal 3%': arrivals(twoModes(0.03)),
  'bimodal 8%': arrivals(twoModes(0.08)),
  'bimodal 5%': arrivals(twoModes(0.05)),
  'AR(1) 0.5': arrivals(correlated(0.5, 0.5)),
  'AR(1) 0.8': arrivals(correlated(0.8, 0.5)),
  'AR(1) 0.95': arrivals(correlated(0.95, 0.5)),
  'AR(1) 0.99': arrivals(correlated(0.99, 0.5)),
  'rate drifts 50 ms': driftingRate(50, 0.3),
  'rate drifts 100 ms': driftingRate(100, 0.3),
  'rate drifts 300 ms': driftingRate(300, 0.3),
  'closed loop': closedLoop(8),
  'one server': oneServer(8),
} satisfies Record<string, Simulation>;

export type SimulationName = keyof typeof simulations;

/** Of the AR(1) ones, from one request to the next; the drifting ones name their milliseconds. */
const alikeToTheNext: Readonly<Record<string, number>> = {
  'AR(1) 0.5': 0.5,
  'AR(1) 0.8': 0.8,
  'AR(1) 0.95': 0.95,
  'AR(1) 0.99': 0.99,
};

/** Seconds after which the likeness of requests has fallen to 1/e; 0 where they are independent, or alike for a queue's length alone. */
export function likenessSeconds(name: string, rps: number): number {
  const phi = alikeToTheNext[name];
  if (phi !== undefined) return -1 / Math.log(phi) / rps;
  const [, milliseconds] = /drifts (\d+) ms/.exec(name) ?? [];
  return milliseconds === undefined ? 0 : Number(milliseconds) / 1000;
}

export function simulatedWindows(simulation: Simulation, seed: number, seconds: number, rps: number): TimeWindows {
  const recorder = createWindowRecorder(seconds);
  simulation(seededRandom(seed), seconds, rps, (atMs, latencyMs) => {
    recorder.succeeded(atMs, latencyMs);
  });
  return recorder.finish(seconds * 1000);
}

export interface Truth {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly rps: number;
}

/** Read from one phase of so many requests. */
export function truthOf(simulation: Simulation, rps: number, requests = 4_000_000): Truth {
  const latencies: number[] = [];
  const seconds = requests / rps;
  simulation(seededRandom(77), seconds, rps, (_atMs, latencyMs) => latencies.push(latencyMs));
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), rps: sorted.length / seconds };
}

export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Requests end as a Poisson process would have them. */
function arrivals(latencies: (random: Random) => () => number): Simulation {
  return (random, seconds, rps, emit) => {
    const next = latencies(random);
    for (let atMs = 0; ;) {
      atMs -= (Math.log(1 - random()) * 1000) / rps;
      if (atMs >= seconds * 1000) return;
      emit(atMs, next());
    }
  };
}

/** Log-normal around 10 ms; the logarithms are AR(1), `phi` from one request to the next. */
function correlated(phi: number, sigma: number): (random: Random) => () => number {
  return (random) => {
    let state = normal(random);
    return () => {
      state = phi * state + Math.sqrt(1 - phi ** 2) * normal(random);
      return 10 * Math.exp(sigma * state);
    };
  };
}

/** Most near 10 ms, a share near 100 ms. */
function twoModes(share: number): (random: Random) => () => number {
  return (random) => () =>
    random() < share ? 100 * Math.exp(0.05 * normal(random)) : 10 * Math.exp(0.2 * normal(random));
}

/** Rate and latency follow one slow quantity whose correlation falls to 1/e after so many milliseconds. */
function driftingRate(correlationMs: number, sigma: number): Simulation {
  const stepMs = 10;
  const phi = Math.exp(-stepMs / correlationMs);
  return (random, seconds, rps, emit) => {
    let state = normal(random);
    for (let step = 0; step < (seconds * 1000) / stepMs; step += 1) {
      state = phi * state + Math.sqrt(1 - phi ** 2) * normal(random);
      const expected = ((rps * stepMs) / 1000) * Math.exp(sigma * state - sigma ** 2 / 2);
      for (let at = 0; ;) {
        at -= Math.log(1 - random()) / expected;
        if (at >= 1) break;
        emit((step + at) * stepMs, 10 * Math.exp(0.3 * normal(random) + 0.2 * state));
      }
    }
  };
}

const settlingMs = 1000;

/** Each connection sends when it was answered; the server answers each by itself. */
function closedLoop(connections: number): Simulation {
  return (random, seconds, rps, emit) => {
    const scaleMs = (connections / rps) * 1000;
    const free = new Float64Array(connections);
    const endMs = settlingMs + seconds * 1000;
    for (;;) {
      let first = 0;
      for (let one = 1; one < connections; one += 1) if ((free[one] ?? 0) < (free[first] ?? 0)) first = one;
      const sentMs = free[first] ?? 0;
      if (sentMs >= endMs) return;
      const latencyMs = scaleMs * Math.exp(0.5 * normal(random) - 0.125);
      const doneMs = sentMs + latencyMs;
      free[first] = doneMs;
      if (doneMs >= settlingMs && doneMs < endMs) emit(doneMs - settlingMs, latencyMs);
    }
  };
}

/** As many connections wait for one server that takes one request after the other. */
function oneServer(connections: number): Simulation {
  return (random, seconds, rps, emit) => {
    const sentMs: number[] = Array.from({ length: connections }, () => 0);
    const endMs = settlingMs + seconds * 1000;
    for (let nowMs = 0, turn = 0; ; turn = (turn + 1) % connections) {
      nowMs += (Math.exp(0.5 * normal(random) - 0.125) * 1000) / rps;
      if (nowMs >= endMs) return;
      if (nowMs >= settlingMs) emit(nowMs - settlingMs, nowMs - (sentMs[turn] ?? 0));
      sentMs[turn] = nowMs;
    }
  };
}
