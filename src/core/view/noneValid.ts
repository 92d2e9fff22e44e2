import { isEndpointPlan, isSmokeTest } from '../anyPlan.ts';
import type { AnyPlan } from '../endpointPlan.ts';
import { gistOf } from '../gist.ts';
import type { Plan } from '../plan.ts';
import { formatCount } from './format.ts';
import type { PhaseRow } from './measured.ts';
import { kindOf, Notes } from './notes.ts';

/** What is said in place of a verdict. */
export interface NoneValid {
  /** That nothing may be believed, and why; a sentence without its full stop. */
  readonly lead: string;
  /** What helps against the most frequent reason; such a sentence, or empty where its own words are all that is known. */
  readonly remedy: string;
}

/** @param rows one or more, none of which may be believed, at all loads */
export function noneValid(plan: AnyPlan, rows: readonly PhaseRow[]): NoneValid {
  const { text, others } = commonestReason(rows);
  const why = others === 0 ? text : `${text}, and ${formatCount(others, 'other reason')}`;
  const names = new Set(rows.map(({ topology }) => topology));
  const [first] = rows;
  const count = String(rows.length);
  const remedy = remedyFor(text, plan);
  if (first !== undefined && rows.length === 1)
    return { lead: `At ${first.load.long} the measurement of ${first.topology} is not valid: ${why}`, remedy };
  return names.size === 1
    ? { lead: `None of the ${count} measurements of ${first?.topology ?? ''} is valid: ${why}`, remedy }
    : { lead: `No verdict, since none of the ${count} measurements is valid: ${why}`, remedy };
}

/** In brief, and how many other kinds of reasons there are. */
function commonestReason(rows: readonly PhaseRow[]): { readonly text: string; readonly others: number } {
  const kinds = new Map<string, string[]>();
  for (const { validity } of rows) {
    // A row over several repetitions has the reasons of each.
    for (const gist of new Set(validity.reasons.map(gistOf))) {
      kinds.set(kindOf(gist), [...(kinds.get(kindOf(gist)) ?? []), gist]);
    }
  }
  const [most = []] = [...kinds.values()].sort((a, b) => b.length - a.length);
  const notes = new Notes([]);
  notes.refer(most);
  return { text: notes.texts[0] ?? '', others: Math.max(0, kinds.size - 1) };
}

/** By what reasons begin with (see validity.ts). */
const remedies: readonly (readonly [RegExp, (plan: AnyPlan) => string])[] = [
  [/^(the load generator (was|stood)|the load generator's CPU|the connections were not kept busy)/u, generatorRemedy],
  [/^(insufficient samples|unstable|\S+ (to \S+ )?of the requests sent were unanswered)/u, () => 'longer phases'],
  [/^the asked rate was not reached/u, () => 'a lower rate'],
];

function remedyFor(reason: string, plan: AnyPlan): string {
  const remedy = remedies.find(([begin]) => begin.test(reason))?.[1](plan);
  return remedy === undefined ? '' : `What helps: ${remedy}`;
}

/** What gives a load generator that was late more time: only what can be done with this plan, where it ran. */
export function generatorRemedy(plan: AnyPlan): string {
  if (isEndpointPlan(plan)) return 'a larger or less busy machine for the load';
  if (isSmokeTest(plan)) return 'load from inside the cluster, or a larger or less busy machine for the load';
  const cores = fewerCoresHelp(plan) ? ['fewer cores for the topologies'] : [];
  if (plan.target.kind === 'local')
    return either([
      'closing other programs',
      ...cores.map((text) => `${text} (so that the load has one)`),
      largerMachine,
    ]);
  const generators = plan.load.generators > 1 ? ['fewer generators per node'] : [];
  return either([...cores, ...generators, largerMachine]);
}

const largerMachine = 'a larger machine';

/** The hybrid's gateway and its Triton have a core each, at the least. */
function fewerCoresHelp({ topologies }: Plan): boolean {
  return topologies.every(({ name, cores }) => cores > (name === 'hybrid' ? 2 : 1));
}

/** "a, b, or c". */
function either(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')}, or ${items.at(-1) ?? ''}`;
}
