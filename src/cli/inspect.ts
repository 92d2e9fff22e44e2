import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { BenchError, explain } from '../core/errors.ts';
import { hintsOf, lineAndColumn, parseModel, type Hint, type ParsedModel } from '../core/model.ts';
import { parsePlanFile, type PlanFile } from '../core/planFile.ts';
import { isLfsPointer, lfsPointer } from '../models/lfs.ts';
import { exitCodes, type CliContext, type ExitCode } from './context.ts';
import { refusalOf, type Refusal } from './refusal.ts';
import { unreadable } from './textFiles.ts';

/** What the text of a file says by itself. */
interface Inspected {
  readonly file: string;
  /** null: neither a model config nor a plan file. */
  readonly kind: 'triton' | 'huggingface' | 'plan' | null;
  readonly model: ParsedModel | null;
  readonly problems: readonly InspectedProblem[];
  /** What costs performance in a config.pbtxt, with edits that do away with it; no reason to fail. */
  readonly hints: readonly (Hint & Place)[];
}

type Inspection = Inspected & Refusal;

interface InspectOptions {
  json?: boolean;
  tokenizer?: string;
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

/** `topology-bench inspect FILE`: what a model config or a plan file says, what is wrong with it, whether `run` takes it, and what costs performance. */
export function registerInspect(program: Command, context: CliContext): void {
  program
    .command('inspect')
    .argument('<file>', 'config.pbtxt, config.json or topology-bench.yaml')
    .description(
      'show what a model config says, what is wrong with it, whether a run takes it, and what costs performance',
    )
    .option('--tokenizer <file>', 'tokenizer.json, where it is not beside the model')
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 no errors in the file; 1 it has errors; 2 it cannot be read, or is neither a model config nor a plan.',
    )
    .action(async (file: string, options: InspectOptions) => {
      const inspection = await inspect(file, options, context);
      if (options.json !== true && inspection.kind === null && inspection.refusal === null) throw neither(file);
      context.stdout.write(options.json === true ? `${JSON.stringify(inspection, null, 2)}\n` : describe(inspection));
      process.exitCode = exitCodeOf(inspection);
    });
}

async function inspect(file: string, { tokenizer }: InspectOptions, context: CliContext): Promise<Inspection> {
  const text = await readText(file);
  if (isLfsPointer(text)) {
    return {
      file,
      kind: null,
      model: null,
      problems: [],
      hints: [],
      refusal: explain(lfsPointer(file)),
      isOfText: true,
      warnings: [],
    };
  }
  const { planFile = null, ...inspected } = inspectText(file, text);
  // What else a run would say of a file with errors follows from them.
  if (inspected.kind === null || hasErrors(inspected))
    return { ...inspected, refusal: null, isOfText: false, warnings: [] };
  const { refusal, isOfText, warnings } = await refusalOf({ file, plan: planFile, tokenizer }, context);
  const told = inspected.problems.map(({ message }) => message);
  return {
    ...inspected,
    refusal,
    isOfText,
    warnings: warnings.filter((text) => !told.some((message) => text.endsWith(message))),
  };
}

function inspectText(file: string, text: string): Inspected & { readonly planFile?: PlanFile | undefined } {
  if (/\.ya?ml$/i.test(file)) {
    const { planFile, problems } = parsePlanFile(text);
    return {
      file,
      kind: 'plan',
      model: null,
      problems: problems.map((problem) => ({ severity: 'error', ...problem })),
      hints: [],
      planFile,
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

function hasErrors({ problems }: Inspected): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

function exitCodeOf(inspection: Inspection): ExitCode {
  if (inspection.kind === null) return exitCodes.usage;
  return inspection.isOfText || hasErrors(inspection) ? exitCodes.failed : exitCodes.ok;
}

function describe(inspection: Inspection): string {
  const { file, kind, model, problems, hints, refusal, isOfText, warnings } = inspection;
  const lines: string[] = [];
  if (kind !== null) lines.push(`${file}: ${kindWords[kind]}`);
  if (model !== null) lines.push(...describeModel(model, hasErrors(inspection)));
  for (const { line, column, severity, message } of problems) {
    lines.push(`${file}:${String(line)}:${String(column)}: ${severity}: ${message}`);
  }
  for (const warning of warnings) lines.push(`${file}: warning: ${warning}`);
  if (refusal !== null) lines.push(`${file}: ${isOfText ? 'error' : 'warning'}: a run would refuse it. ${refusal}`);
  else if (kind !== null && problems.length === 0 && warnings.length === 0) lines.push('No problems.');
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

/** In the place of a number; a problem says what is wrong with what was written. */
const notUnderstood = '(not understood)';

function describeModel(model: ParsedModel, hasErrors: boolean): string[] {
  const lines = [`name: ${model.name ?? "(its folder's)"}`];
  if (model.why === null) lines.push('task: text classification');
  // What seems to be missing may stand behind an error; otherwise the refusal says why.
  else if (!hasErrors) lines.push('task: not supported');
  if (model.kind === 'triton') {
    const batching = model.dynamicBatching;
    const preferred = batching?.preferredBatchSizes ?? [];
    lines.push(
      `backend: ${model.backend ?? '(not stated)'}`,
      `max batch size: ${String(model.maxBatchSize ?? notUnderstood)}`,
      batching === null
        ? 'dynamic batching: off'
        : `dynamic batching: on, delay ${String(batching.maxQueueDelayMicroseconds)} us${preferred.length === 0 ? '' : `, preferred sizes ${preferred.join(', ')}`}`,
      `instances: ${String(model.instances ?? notUnderstood)}${model.instanceKind === null ? '' : ` (${model.instanceKind})`}`,
    );
  }
  if (model.labels !== null) lines.push(`labels: ${model.labels.join(', ')}`);
  else if (model.labelCount !== null) lines.push(`labels: ${String(model.labelCount)}, without names`);
  if (model.maxLength !== null) lines.push(`longest text: ${String(model.maxLength)} tokens`);
  return lines;
}

function neither(file: string): BenchError {
  return new BenchError({
    reason: 'model-not-found',
    message: 'The file is neither a model config nor a plan file.',
    nextStep:
      'Give a config.pbtxt of Triton, a config.json of Hugging Face or a plan file, whose name ends in ".yaml".',
    where: { file },
  });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable('file', file, error);
  }
}
