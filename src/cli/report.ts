import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { RunRecord } from '../core/record.ts';
import { recordCsv } from '../core/view/csv.ts';
import { formatList } from '../core/view/format.ts';
import { recordTable } from '../core/view/table.ts';
import { openRunStore } from '../runs/store.ts';
import { usageError } from './arguments.ts';
import { exitCodes, type CliContext } from './context.ts';
import { printFailure } from './failure.ts';
import { addPriceOptions, gpuPriceOf, whyUnpriced, type PriceOptions } from './gpuPrice.ts';
import { cancelledProblem, outcomeMarkdown, writeOutputs, type OutputOptions, type Told } from './outcome.ts';
import { recordOf } from './records.ts';

interface ReportOptions extends PriceOptions, Pick<OutputOptions, 'markdown' | 'csv' | 'junit'> {
  html?: string;
  runs?: string;
}

/** `topology-bench report RECORD`: the reports of `run`, and CSV, from a record that is there already. */
export function registerReport(program: Command, context: CliContext): void {
  const command = program
    .command('report')
    .argument('<record>', "the file of a run record, or a run's id in the results folder")
    .description('make reports from a saved run record; without options, print its table')
    .option('--markdown <file>', 'write Markdown; "-" prints it instead of the table')
    .option('--csv <file>', 'write CSV, a row for each topology, turn and level; "-" prints it instead of the table')
    .option('--junit <file>', 'write JUnit XML, for CI')
    .option('--html <file>', 'write a self-contained HTML report')
    .option('--runs <dir>', 'folder that ids are looked for in (default: .topology-bench/runs)');
  addPriceOptions(command)
    .addHelpText(
      'after',
      '\nExit codes: 0 all was written, whatever the record says; 1 a file could not be written; 2 there is no such record, or it cannot be read.',
    )
    .action(async (named: string, options: ReportOptions) => {
      const gpuPrice = gpuPriceOf(options);
      const runs = openRunStore(resolve(options.runs ?? join('.topology-bench', 'runs')));
      checkOutputs(options, [resolve(named), runs.pathOf(named)]);
      const record = await recordOf('report', named, runs);
      for (const warning of gpuPrice === null ? [] : unusedPrice(record, options))
        context.stderr.write(`Warning: ${warning}\n`);
      const told = { record, beside: null, checks: null, problems: cancelledProblem(record), gpuPrice };
      context.stdout.write(printed(told, options));
      const { html, ...others } = options;
      const outputs = html === undefined ? others : { ...others, report: html };
      const unwritten = await writeOutputs(told, outputs, context.root, (line) => {
        context.stderr.write(`${line}\n`);
      });
      for (const problem of unwritten) printFailure(problem, context.stderr);
      if (unwritten.length > 0) process.exitCode = exitCodes.failed;
    });
}

/** Whatever was asked for on standard output, which holds one thing; empty where files alone were. */
function printed(told: Told & { readonly record: RunRecord }, { markdown, csv, junit, html }: ReportOptions): string {
  if (markdown === '-') return outcomeMarkdown(told);
  if (csv === '-') return recordCsv(told.record);
  return [markdown, csv, junit, html].every((file) => file === undefined)
    ? recordTable(told.record, told.gpuPrice)
    : '';
}

/** Why a price that was given is not shown; nothing where it is. */
function unusedPrice({ plan }: RunRecord, { markdown, csv, junit, html }: ReportOptions): string[] {
  const shown = markdown !== undefined || html !== undefined || (csv === undefined && junit === undefined);
  return whyUnpriced(plan, shown ? undefined : 'CSV and JUnit hold no price, and nothing else is made');
}

/**
 * Nothing that was asked for may end up in place of the record, or of something else that was asked for.
 * @param records where the record may lie
 * @throws BenchError plan-invalid
 */
function checkOutputs({ markdown, csv, junit, html }: ReportOptions, records: readonly string[]): void {
  if (markdown === '-' && csv === '-') throw usageError('--markdown - and --csv - would both fill standard output.');
  if (junit === '-') throw usageError('--junit takes a file, not standard output.');
  if (html === '-') throw usageError('--html takes a file, not standard output.');
  const outputs = Object.entries({ markdown, csv, junit, html }).flatMap(([name, file]) =>
    file === undefined || file === '-' ? [] : [{ option: `--${name}`, path: resolve(file) }],
  );
  for (const { option, path } of outputs) {
    const same = outputs.filter((output) => output.path === path).map((output) => output.option);
    if (same.length > 1) throw usageError(`${formatList(same)} name the same file, ${path}.`);
    if (records.includes(path)) throw usageError(`${option} names the run record itself, ${path}.`);
  }
}
