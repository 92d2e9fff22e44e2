import { generatorDelay, generatorLimit } from '../generatorBound.ts';
import { pairedDifference, type PairedDifference, type Repetition } from '../pairedDifference.ts';
import { plannedRate } from '../plannedRate.ts';
import { verdictOf, type Verdict } from '../verdict.ts';
import type { PhaseRepetition, PhaseRow } from './measured.ts';

export type ComparedQuantity = 'p50Ms' | 'p95Ms' | 'rps';

/**
 * How a quantity of one topology stands to that of another at the same level, from what was measured in the same turns: what
 * drifted from turn to turn drops out of the ratio. Rates that the plan or the load generator set are no verdict on the servers,
 * nor are latencies to which a load generator at its limit added.
 */
export function rowVerdict(a: PhaseRow, b: PhaseRow, quantity: ComparedQuantity): Verdict {
  const why = whyUncompared(a, b, quantity);
  if (why !== undefined) return { kind: 'none', why };
  return verdictOf(pairsOf(a, b, quantity), Math.max(a.planned, b.planned));
}

/** How many milliseconds more one topology takes than another at the same level, from the same pairs. */
export function rowDifferenceMs(a: PhaseRow, b: PhaseRow, quantity: 'p50Ms' | 'p95Ms'): PairedDifference {
  const why = whyUncompared(a, b, quantity);
  if (why !== undefined) return { kind: 'none', why };
  return pairedDifference(pairsOf(a, b, quantity), (ms) => ms, Math.max(a.planned, b.planned));
}

/** Why what was measured says nothing of the servers; undefined where it does. */
function whyUncompared(a: PhaseRow, b: PhaseRow, quantity: ComparedQuantity): string | undefined {
  if (quantity === 'rps' && !a.load.closed) return plannedRate;
  if (!a.generatorBound && !b.generatorBound) return undefined;
  return quantity === 'rps' ? generatorLimit : generatorDelay;
}

function pairsOf(a: PhaseRow, b: PhaseRow, quantity: ComparedQuantity): { a: Repetition; b: Repetition }[] {
  return a.repetitions.flatMap((own) => {
    const other = b.repetitions.find(({ repetition }) => repetition === own.repetition);
    return other === undefined ? [] : [{ a: quantityOf(own, quantity), b: quantityOf(other, quantity) }];
  });
}

function quantityOf(measured: PhaseRepetition, quantity: ComparedQuantity): Repetition {
  return {
    value: measured[quantity],
    interval: measured.intervals?.[quantity] ?? null,
    valid: measured.valid,
  };
}
