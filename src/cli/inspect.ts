import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { BenchError } from '../core/errors.ts';
import { hintsOf, lineAndColumn, parseModel, supportedSoFar, type Hint, type ParsedModel } from '../core/model.ts';
import { parsePlanFile } from '../core/planFile.ts';
import { exitCodes, type CliContext, type ExitCode } from './context.ts';

interface Inspection {
  readonly file: string;
  /** null: neither a model config nor a plan file. */
  readonly kind: 'triton' | 'huggingface' | 'plan' | null;
  readonly model: ParsedModel | null;
  readonly problems: readonly InspectedProblem[];
  /** What costs performance in a config.pbtxt, with edits that do away with it; no reason to fail. */
  readonly hints: readonly (Hint & Place)[];
}

interface InspectedProblem extends Place {
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

interface Place {
  /** Offsets into the text, end excluded. */
  readonly start: number;
  readonly end: number;
  /** Of `start`, counted from 1. */
  readonly line: number;
  readonly column: number;
}

/** `topology-bench inspect FILE`: what a model config or a plan file says, what is wrong with it, and what costs performance. */
export function registerInspect(program: Command, context: CliContext): void {
  program
    .command('inspect')
    .argument('<file>', 'config.pbtxt, config.json or topology-bench.yaml')
    .description('show what a model config says, what is wrong with it and what costs performance')
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 no errors; 1 the file has errors; 2 it cannot be read, or is neither a model config nor a plan.',
    )
    .action(async (file: string, options: { json?: boolean }) => {
      const inspection = inspectText(file, await readText(file));
      context.stdout.write(options.json === true ? `${JSON.stringify(inspection, null, 2)}\n` : describe(inspection));
      process.exitCode = exitCodeOf(inspection);
    });
}

export function inspectText(file: string, text: string): Inspection {
  if (/\.ya?ml$/i.test(file)) {
    const { problems } = parsePlanFile(text);
    return {
      file,
      kind: 'plan',
      model: null,
      problems: problems.map((problem) => ({ severity: 'error', ...problem })),
      hints: [],
    };
  }
  const parsed = parseModel(file, text);
  const { model, problems } = parsed;
  return {
    file,
    kind: model?.kind ?? null,
    model: model ?? null,
    problems: problems.map((problem) => ({ ...problem, ...lineAndColumn(text, problem.start) })),
    hints: hintsOf(parsed, text).map((hint) => ({ ...hint, ...lineAndColumn(text, hint.start) })),
  };
}

function exitCodeOf({ kind, problems }: Inspection): ExitCode {
  if (kind === null) return exitCodes.usage;
  return problems.some((problem) => problem.severity === 'error') ? exitCodes.failed : exitCodes.ok;
}

function describe({ file, kind, model, problems, hints }: Inspection): string {
  const lines = kind === null ? [`${file}: neither a model config nor a plan file`] : [`${file}: ${kindWords[kind]}`];
  const hasErrors = problems.some(({ severity }) => severity === 'error');
  if (model !== null) lines.push(...describeModel(model, hasErrors));
  for (const { line, column, severity, message } of problems) {
    lines.push(`${file}:${String(line)}:${String(column)}: ${severity}: ${message}`);
  }
  if (kind !== null && problems.length === 0) lines.push('No problems.');
  for (const { line, column, message, docs } of hints) {
    lines.push(`${file}:${String(line)}:${String(column)}: hint: ${message} See ${docs}`);
  }
  return `${lines.join('\n')}\n`;
}

const kindWords = {
  triton: 'Triton model config',
  huggingface: 'Hugging Face model config',
  plan: 'plan of Topology Bench',
} as const;

function describeModel(model: ParsedModel, hasErrors: boolean): string[] {
  const lines = [`name: ${model.name ?? "(its folder's)"}`];
  if (model.why === null) lines.push('task: text classification');
  // What seems to be missing may stand behind an error.
  else if (!hasErrors) lines.push(`task: not supported, because ${model.why}. ${supportedSoFar}`);
  if (model.kind === 'triton') {
    const batching = model.dynamicBatching;
    const preferred = batching?.preferredBatchSizes ?? [];
    lines.push(
      `backend: ${model.backend ?? '(not stated)'}`,
      `max batch size: ${String(model.maxBatchSize ?? 0)}`,
      batching === null
        ? 'dynamic batching: off'
        : `dynamic batching: on, delay ${String(batching.maxQueueDelayMicroseconds)} us${preferred.length === 0 ? '' : `, preferred sizes ${preferred.join(', ')}`}`,
      `instances: ${String(model.instances ?? 1)}${model.instanceKind === null ? '' : ` (${model.instanceKind})`}`,
    );
  }
  if (model.labels !== null) lines.push(`labels: ${model.labels.join(', ')}`);
  else if (model.labelCount !== null) lines.push(`labels: ${String(model.labelCount)}, without names`);
  if (model.maxLength !== null) lines.push(`longest text: ${String(model.maxLength)} tokens`);
  return lines;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EISDIR') {
      throw new BenchError({
        reason: 'model-not-found',
        message: `${file} is a folder.`,
        nextStep: 'Name the config file in it: config.pbtxt or config.json.',
      });
    }
    throw new BenchError({
      reason: 'model-not-found',
      message: `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      nextStep: 'Check the path.',
    });
  }
}
