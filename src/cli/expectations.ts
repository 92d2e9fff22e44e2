import type { Command } from 'commander';
import { sameJson } from '../core/canonicalJson.ts';
import { checkAgainst, checkSlos, type Check } from '../core/checks.ts';
import { incomparable } from '../core/differences.ts';
import type { AnyPlan } from '../core/endpointPlan.ts';
import { baselineLevels, commonLevels, confirmationLevel, phaseOf, plannedLevels, type Level } from '../core/levels.ts';
import type { RunRecord } from '../core/record.ts';
import { usualShare } from '../core/regressions.ts';
import { parseSlo, placesOf, type Slo } from '../core/slo.ts';
import { formatList } from '../core/view/format.ts';
import type { RunStore } from '../runs/store.ts';
import { usageError } from './arguments.ts';
import type { CliContext } from './context.ts';
import { recordOf } from './records.ts';

export interface ExpectationOptions {
  slo?: string[];
  baseline?: string;
  maxRegression?: string;
  strictBaseline?: boolean;
}

export function addExpectationOptions(command: Command): Command {
  return command
    .option(
      '--slo <bound>',
      'bound to keep, such as "p95<50ms" or "triton@8:errors<1%"; may be given several times',
      (text: string, before: string[] | undefined) => [...(before ?? []), text],
    )
    .option('--baseline <record>', 'run to compare p95 and RPS with: its file, or its id in the results folder')
    .option('--max-regression <share>', 'how much worse each may be than the baseline (default: 10%)')
    .option('--strict-baseline', 'fail also where a regression is neither shown nor ruled out');
}

/** What a run has to keep; `baseline` and `slos` may both be there, or neither. */
export interface Expectations {
  readonly slos: readonly Slo[];
  readonly baseline: {
    readonly record: RunRecord;
    readonly share: number;
    /** Whether what is neither shown nor ruled out fails. */
    readonly strict: boolean;
  } | null;
}

/**
 * Checked against the plan before anything starts: a bound on what will not be measured is a typing error.
 * @param repeated is the baseline where only the regression allowed is given
 * @throws BenchError plan-invalid, record-unreadable
 */
export async function expectationsOf(
  options: ExpectationOptions,
  plan: AnyPlan,
  repeated: RunRecord | undefined,
  runs: RunStore,
  context: CliContext,
): Promise<Expectations> {
  const slos = slosOf(options.slo ?? []);
  for (const slo of slos) {
    if (placesOf(slo, plan).length > 0) continue;
    throw usageError(
      `--slo "${slo.text}" bounds nothing of the plan, which ${measures(plan, slo)}.`,
      'Name what is measured, or nothing to bound all of it.',
    );
  }
  const share = shareOf(options.maxRegression);
  const record =
    options.baseline !== undefined
      ? await recordOf('--baseline', options.baseline, runs)
      : share === undefined
        ? undefined
        : repeated;
  if (record === undefined) {
    if (share !== undefined)
      throw usageError(
        '--max-regression needs a run to compare with.',
        'Name it with --baseline RECORD or --repeat RECORD.',
      );
    if (options.strictBaseline === true)
      throw usageError(
        '--strict-baseline needs a run to compare with.',
        'Name it with --baseline RECORD, or with --repeat RECORD and --max-regression.',
      );
    return { slos, baseline: null };
  }
  checkBaseline(record, plan, context);
  return { slos, baseline: { record, share: share ?? usualShare, strict: options.strictBaseline === true } };
}

/**
 * Early, before anything is read or asked. A bound that is given twice is one.
 * @throws BenchError plan-invalid
 */
export function slosOf(texts: readonly string[]): Slo[] {
  const slos = texts.map((text) => {
    const { slo, problem } = parseSlo(text);
    if (slo !== undefined) return slo;
    throw usageError(`--slo "${text}" is no bound: ${problem}.`, 'It looks like "p95<50ms" or "triton@8:rps>=200".');
  });
  const meant = (slo: Slo): Slo => ({ ...slo, text: '' });
  return slos.filter((slo, at) => slos.findIndex((other) => sameJson(meant(other), meant(slo))) === at);
}

/** null when nothing was asked for: then every level has to be valid. */
export function checksOf({ slos, baseline }: Expectations, record: RunRecord): Check[] | null {
  if (slos.length === 0 && baseline === null) return null;
  return [...checkSlos(slos, record), ...(baseline === null ? [] : againstBaseline(baseline, record))];
}

function againstBaseline(
  { record: before, share, strict }: NonNullable<Expectations['baseline']>,
  record: RunRecord,
): Check[] {
  const checks = checkAgainst(before, record, share);
  return strict ? checks.map(strictly) : checks;
}

/** What is not shown fails like a regression, and still says what it is. */
function strictly(check: Check): Check {
  if (check.outcome !== 'not shown') return check;
  return { ...check, outcome: 'failed', message: `not shown, and --strict-baseline asks for more: ${check.message}` };
}

/** What a bound may name, as the end of a sentence. */
function measures(plan: AnyPlan, { metric }: Slo): string {
  const planned = plannedLevels(plan);
  const topologies = formatList([...new Set(planned.map(({ topology }) => topology))]);
  const levels = [...new Set(planned.map(({ level }) => level))];
  const at = levels.includes(confirmationLevel)
    ? `${formatList(levels)} (at the highest rate found, which "rate" bounds)`
    : formatList(levels);
  const searched = plan.load.search?.kind === 'slo';
  const unsearched = metric === 'rate' && !searched ? ', and searches for no rate (the profile "server" does)' : '';
  return `measures ${topologies} at ${at}${unsearched}`;
}

function checkBaseline(baseline: RunRecord, plan: AnyPlan, context: CliContext): void {
  const levels = commonLevels(baselineLevels(baseline), plannedLevels(plan));
  if (levels.length === 0) {
    throw usageError(
      `The baseline ${baseline.id} and the plan have no topology and level in common: the baseline has ${placesText(plannedLevels(baseline.plan))}, and the plan ${placesText(plannedLevels(plan))}.`,
    );
  }
  const reasons = incomparable(baseline.plan, plan);
  if (reasons.length > 0) {
    throw usageError(
      `The run cannot be compared with the baseline ${baseline.id}: ${reasons.join('; ')}.`,
      'Take a baseline that was measured in the same way.',
    );
  }
  const doubtful = levels.filter(({ topology, level }) => phaseOf(baseline, topology, level)?.validity.valid !== true);
  if (doubtful.length === 0) return;
  context.stderr.write(
    `Warning: The baseline ${baseline.id} has no valid numbers for ${placesText(doubtful)}, so that comparison will fail.\n`,
  );
}

function placesText(levels: readonly Level[]): string {
  return formatList(levels.map(({ topology, level }) => `${topology}@${level}`));
}

function shareOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, digits] = /^(\d{1,4}(?:\.\d{1,6})?)%$/.exec(text.trim()) ?? [];
  if (digits === undefined) throw usageError(`--max-regression takes a share such as 10%, not "${text}".`);
  return Number(digits) / 100;
}
