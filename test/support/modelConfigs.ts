import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { lineAndColumn, parseModel, type ParsedConfig, type ParsedModel, type Problem } from '../../src/core/model.ts';
import { parsePlanFile } from '../../src/core/planFile.ts';
import { hintFaults } from './hintFaults.ts';

interface Inspected {
  readonly files: number;
  /** Files that made a parser throw, take too long, or say something that cannot be; none may. */
  readonly faults: readonly string[];
  /** Counts, and a line for each model config with what was understood of it. */
  readonly summary: string;
}

/** Far beyond what the largest config takes on a busy machine, far below what a quadratic loop would. */
const longestMs = 10_000;

/** Beyond it a file is weights, not a text; it is not even opened. */
const largestBytes = 64 * 1024 * 1024;

/**
 * Reads every file of a folder and its folders as what its name says: a plan (yaml), a config.json (json), else a
 * config.pbtxt.
 */
export function inspectFolder(folder: string): Inspected {
  const counts = { understood: 0, 'left alone': 0, 'with problems': 0 };
  const lines: string[] = [];
  const faults: string[] = [];
  const files = filesIn(folder);
  for (const path of files) {
    const name = relative(folder, path);
    const text = textOf(path);
    const startedAt = performance.now();
    try {
      const { line, model, problems, parsed } = read(name, text);
      if (parsed !== undefined) faults.push(...hintFaults(parsed, text).map((fault) => `${name}: ${fault}`));
      const took = performance.now() - startedAt;
      if (took > longestMs) faults.push(`${name}: took ${String(Math.round(took))} ms`);
      const astray = problems.find(({ start, end }) => !(start >= 0 && start <= end && end <= text.length));
      if (astray !== undefined) faults.push(`${name}: a problem beyond the text: ${astray.message}`);
      if (line === undefined && problems.length > 0) faults.push(`${name}: problems of what is no model config`);
      if (model !== undefined && (model.task === 'other') !== (model.why !== null)) faults.push(`${name}: no reason`);
      counts[line === undefined ? 'left alone' : problems.length > 0 ? 'with problems' : 'understood'] += 1;
      if (line === undefined) continue;
      const found = problems.map(({ start, message }) => `${String(lineAndColumn(text, start).line)}: ${message}`);
      lines.push([`${name}: ${line}`, ...found].join('\n    '));
    } catch (error) {
      faults.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const totals = Object.entries(counts).map(([what, count]) => `${String(count)} ${what}`);
  return {
    files: files.length,
    faults,
    summary: [`${String(files.length)} files: ${totals.join(', ')}`, ...lines].join('\n'),
  };
}

interface Read {
  /** What was understood; undefined for what is left alone. */
  readonly line: string | undefined;
  readonly model: ParsedModel | undefined;
  readonly problems: readonly Problem[];
  readonly parsed: ParsedConfig | undefined;
}

function read(name: string, text: string): Read {
  if (/\.ya?ml$/i.test(name)) {
    // Most are other programs', and nothing but their name says which are plans.
    const { planFile } = parsePlanFile(text);
    return { line: planFile === undefined ? undefined : 'a plan', model: undefined, problems: [], parsed: undefined };
  }
  const parsed = parseModel(/json/i.test(name) ? 'config.json' : 'config.pbtxt', text);
  const { model, problems } = parsed;
  return { line: model === undefined ? undefined : (model.why ?? 'a text classifier'), model, problems, parsed };
}

/** A byte order mark is kept, since it matters; what is no UTF-8 becomes U+FFFD, as in an editor. */
export function textOf(path: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(readFileSync(path));
}

/** Paths in a fixed order. What a repository keeps for itself or installs is passed over. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesIn(path);
      return entry.isFile() && statSync(path).size <= largestBytes ? [path] : [];
    });
}
