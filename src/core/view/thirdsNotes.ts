import { mayBeChance, thirdsWords } from '../validityLimits.ts';

/**
 * What the thirds of a phase leave open (see steadyState.ts), told once for all rows that it is of: the figures, which the record
 * has, are no news where chance may have made them.
 */
export interface OpenThirds {
  readonly kind: string;
  /** Those of a row; empty where its phase was not judged at all. */
  readonly quantities: readonly string[];
  /** For all quantities of all rows. */
  readonly tell: (quantities: readonly string[]) => string;
}

const byChance = new RegExp(`^(?:repetition \\d+: )?${thirdsWords} (\\S+) was .*${mayBeChance}$`, 'u');
const notJudged = /^(?:repetition \d+: )?steady state (?:of (.+) )?not judged: (.*)$/u;

/** undefined of any other text. */
export function openThirds(text: string): OpenThirds | undefined {
  const differing = byChance.exec(text)?.[1];
  if (differing !== undefined) {
    return {
      kind: 'by chance',
      quantities: [differing],
      tell: (all) => `${either(all)} differed ${thirdsWords} by no more than chance may explain`,
    };
  }
  const [, names, why] = notJudged.exec(text) ?? [];
  if (why === undefined) return undefined;
  const quantities = names?.split(' and ') ?? [];
  return {
    kind: `not judged${quantities.length === 0 ? '' : ' in part'}: ${why}`,
    quantities,
    tell: (all) => `steady state${all.length === 0 ? '' : ` of ${either(all)}`} not judged: ${why}`,
  };
}

const order = ['RPS', 'p50', 'p95'];

/** "RPS, p50 or p95", each once. */
function either(quantities: readonly string[]): string {
  const sorted = [...new Set(quantities)].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const last = sorted.at(-1) ?? '';
  return sorted.length < 2 ? last : `${sorted.slice(0, -1).join(', ')} or ${last}`;
}
