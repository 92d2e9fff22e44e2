import { generatorLimit } from '../generatorBound.ts';
import { verdictOf, type Repetition, type Verdict } from '../verdict.ts';
import type { PhaseRepetition, PhaseRow } from './measured.ts';

export type ComparedQuantity = 'p50Ms' | 'p95Ms' | 'rps';

/**
 * How a quantity of one topology stands to that of another at the same level, from what was measured in the same turns: what
 * drifted from turn to turn drops out of the ratio. Rates that the load generator set are no verdict on the servers.
 */
export function rowVerdict(a: PhaseRow, b: PhaseRow, quantity: ComparedQuantity): Verdict {
  if (quantity === 'rps' && (a.generatorBound || b.generatorBound)) return { kind: 'none', why: generatorLimit };
  const pairs = a.repetitions.flatMap((own) => {
    const other = b.repetitions.find(({ repetition }) => repetition === own.repetition);
    return other === undefined ? [] : [{ a: quantityOf(own, quantity), b: quantityOf(other, quantity) }];
  });
  return verdictOf(pairs, Math.max(a.planned, b.planned));
}

function quantityOf(measured: PhaseRepetition, quantity: ComparedQuantity): Repetition {
  return {
    value: measured[quantity],
    interval: measured.intervals?.[quantity] ?? null,
    valid: measured.valid,
  };
}
