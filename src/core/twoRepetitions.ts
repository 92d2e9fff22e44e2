import type { AnyPlan } from './endpointPlan.ts';

/**
 * What intervals over two repetitions are worth; a whole sentence. Student's t with one and with two degrees of freedom, since
 * an interval of so few is wide for want of them and not for what was measured.
 */
export const twoRepetitionsText =
  'With two repetitions a 95% interval reaches 12.7 standard errors each way, with three 4.3: three or more make it much narrower.';

/** What to say before a run of this plan starts; nothing for a search, whose rates are the lowest of its repetitions and have no interval. */
export function fewRepetitions({ load }: AnyPlan): string[] {
  return load.repetitions === 2 && load.search?.kind !== 'slo' ? [twoRepetitionsText] : [];
}
