import { resolve } from 'node:path';
import { reportPage } from '../assets/report.ts';
import { topologyName } from '../core/anyPlan.ts';
import type { Check } from '../core/checks.ts';
import { compareRecords } from '../core/compare.ts';
import { differencesOf } from '../core/differences.ts';
import type { GpuPrice } from '../core/gpuPrice.ts';
import type { Failure, RunRecord } from '../core/record.ts';
import { comparisonTable, type ComparisonTable } from '../core/view/comparison.ts';
import { recordCsv } from '../core/view/csv.ts';
import { failureText } from '../core/view/failureText.ts';
import { junitXml } from '../core/view/junit.ts';
import { escapeMarkdown, markdownTable, recordMarkdown } from '../core/view/markdown.ts';
import { columns } from './columns.ts';
import { writeWhole } from './files.ts';

/** Everything that is told of a run when it is over. */
export interface Told {
  /** null: it ended before there was anything to record. */
  readonly record: RunRecord | null;
  /** The run that it is shown beside: the one it repeats, else its baseline. */
  readonly beside: RunRecord | null;
  readonly checks: readonly Check[] | null;
  /** What went wrong with the run as a whole. */
  readonly problems: readonly Failure[];
  /** What a GPU costs, where the user said it; the record does not hold it. */
  readonly gpuPrice: GpuPrice | null;
}

export interface OutputOptions {
  report?: string;
  junit?: string;
  markdown?: string;
  csv?: string;
}

/** Of a run that was stopped; empty where it was not. */
export function cancelledProblem({ status }: RunRecord): Failure[] {
  return status === 'cancelled' ? [{ reason: 'cancelled', message: 'The run was cancelled.', nextStep: null }] : [];
}

/** For a terminal: the checks, and both runs side by side; empty where there is neither. */
export function outcomeText(told: Told): string {
  const blocks: string[] = [];
  const { checks, record, beside } = told;
  if (checks !== null) {
    const marks = { passed: 'ok', failed: 'FAILED', 'not shown': 'NOT SHOWN', 'no number': 'NO NUMBER' } as const;
    const rows = checks.map(({ outcome, topology, level, name, message }) => [
      marks[outcome],
      nameIn(record, topology),
      level,
      name,
      message,
    ]);
    blocks.push(`Checks: ${checksHeadline(checks)}\n${columns(['', 'Topology', 'Level', 'Check', 'Found'], rows)}`);
  }
  if (record !== null && beside !== null) {
    const { header, rows, notes } = sideBySide(beside, record);
    const worth = notes.map((note) => `- ${note}\n`).join('');
    blocks.push(`${besideHeadline(beside, record)}\n${columns(header, rows)}${worth}`);
  }
  return blocks.map((block) => `\n${block}`).join('');
}

/** The record's own Markdown, then what `outcomeText` tells. */
export function outcomeMarkdown({ record, beside, checks, problems, gpuPrice }: Told): string {
  const blocks = problems.map((problem) => `**${escapeMarkdown(failureText(problem))}**\n`);
  if (record !== null) blocks.push(recordMarkdown(record, gpuPrice));
  if (checks !== null) {
    const rows = checks.map(({ outcome, topology, level, name, message }) => [
      outcome,
      nameIn(record, topology),
      level,
      name,
      message,
    ]);
    blocks.push(
      `**Checks: ${escapeMarkdown(checksHeadline(checks))}**\n\n${markdownTable(['Outcome', 'Topology', 'Level', 'Check', 'Found'], rows)}\n`,
    );
  }
  if (record !== null && beside !== null) {
    const { header, rows, notes } = sideBySide(beside, record);
    const worth = notes.map((note) => `- ${escapeMarkdown(note)}`).join('\n');
    blocks.push(`**${besideHeadline(beside, record)}**\n\n${markdownTable(header, rows)}\n\n${worth}\n`);
  }
  return blocks.join('\n');
}

/**
 * The files that were asked for, each on its own: one that cannot be written costs no other.
 * @returns what could not be written; what goes to standard output ("-") is the caller's
 */
export async function writeOutputs(
  told: Told,
  options: OutputOptions,
  root: string,
  wrote: (line: string) => void,
): Promise<unknown[]> {
  const problems: unknown[] = [];
  const write = async (name: string, path: string | undefined, writing: (file: string) => Promise<void>) => {
    if (path === undefined) return;
    const file = resolve(path);
    try {
      await writing(file);
      wrote(`${name}: ${file}`);
    } catch (error) {
      problems.push(error);
    }
  };
  const { record, beside, gpuPrice } = told;
  await write('JUnit', options.junit, (file) => writeWhole(file, junitXml(told), 'The JUnit file'));
  const ofFile = (path: string | undefined): string | undefined => (path === '-' ? undefined : path);
  await write('Markdown', ofFile(options.markdown), (file) =>
    writeWhole(file, outcomeMarkdown(told), 'The Markdown file'),
  );
  if (record !== null) {
    await write('CSV', ofFile(options.csv), (file) => writeWhole(file, recordCsv(record), 'The CSV file'));
    const records = beside === null ? [record] : [record, beside];
    await write('Report', options.report, async (file) => {
      await writeWhole(file, await reportPage(records, gpuPrice, root), 'The report');
    });
  }
  return problems;
}

function sideBySide(before: RunRecord, after: RunRecord): ComparisonTable {
  const levels = compareRecords(before, after).map((level) => ({ ...level, topology: nameIn(after, level.topology) }));
  return comparisonTable(levels, differencesOf(before, after));
}

/** @param record null only where nothing was measured, and so nothing is checked */
function nameIn(record: RunRecord | null, topology: string): string {
  return record === null ? topology : topologyName(record.plan, topology);
}

function besideHeadline(before: RunRecord, after: RunRecord): string {
  return after.repeats === before.id
    ? `Run ${before.id} and its repeat now`
    : `Run ${before.id}, the baseline, and this one now`;
}

function checksHeadline(checks: readonly Check[]): string {
  const having = (wanted: Check['outcome']): number => checks.filter(({ outcome }) => outcome === wanted).length;
  const unshown = having('not shown');
  const rest = unshown === 0 ? '' : `; ${String(unshown)} not shown: a regression is neither shown nor ruled out`;
  return `${String(having('passed'))} of ${String(checks.length)} passed${rest}`;
}
