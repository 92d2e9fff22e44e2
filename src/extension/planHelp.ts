import { dirname, isAbsolute, posix, relative, sep, type PlatformPath } from 'node:path';
import * as vscode from 'vscode';
import type { FieldHelp, PlanFileCompletion, PlanFileCompletions, ValueHelp } from '../core/planFileHelp.ts';
import { writtenPath } from '../core/planFilePaths.ts';
import { loadPlanFiles } from './engine.ts';
import { planFileSelector } from './planFiles.ts';
import { findConfigs, mostOffered, skippedFolders } from './questions/subject.ts';

/** Characters after which something else can be written, besides letters. */
const triggers = [' ', '-', '/', '"', "'", '[', '{', ','];

/** Longest that files are offered without looking for them anew: while a path is typed, each "/" asks for them. */
const keptMs = 5_000;

/** Completion and hover in plan files. The engine's bundle is loaded by the first key that is typed in one. */
export function registerPlanFileHelp(): vscode.Disposable {
  const find: FindFiles = { model: kept(findModels), tokenizer: kept(findTokenizers) };
  const provideCompletionItems: vscode.CompletionItemProvider['provideCompletionItems'] = async (
    document,
    position,
    token,
    { triggerCharacter },
  ) => {
    const before = document.lineAt(position.line).text.slice(0, position.character);
    if (triggerCharacter !== undefined && !mayFollow(before)) return [];
    const items = await completionItems(document, position, find);
    return token.isCancellationRequested ? [] : items;
  };
  return vscode.Disposable.from(
    vscode.languages.registerCompletionItemProvider(planFileSelector, { provideCompletionItems }, ...triggers),
    vscode.languages.registerHoverProvider(planFileSelector, { provideHover }),
  );
}

/**
 * Whether something else is written behind such a character: not behind one in a comment, behind the spaces of an indentation
 * or between words, or behind a dash within one. To tell costs less than to read the whole file.
 */
function mayFollow(before: string): boolean {
  if (/^[^"']*(?:^|\s)#/.test(before)) return false;
  if (before.endsWith(' ')) return /[-:,[{] $/.test(before);
  return !before.endsWith('-') || /^\s*(?:- )*-$/.test(before);
}

async function completionItems(
  document: vscode.TextDocument,
  position: vscode.Position,
  find: FindFiles,
): Promise<vscode.CompletionItem[]> {
  const { planFileCompletions } = await loadPlanFiles();
  const completions = planFileCompletions(document.getText(), document.offsetAt(position));
  if (completions === undefined) return [];
  const start = document.positionAt(completions.start);
  const range = {
    inserting: new vscode.Range(start, position),
    replacing: new vscode.Range(start, document.positionAt(completions.end)),
  };
  const items = [...completions.items.map(itemOf), ...(await fileItems(completions, document, find))];
  return items.map((item, index) => {
    item.range = range;
    // In the order of the schema, which begins with what every plan has.
    item.sortText = String(index).padStart(4, '0');
    return item;
  });
}

async function provideHover(
  document: vscode.TextDocument,
  position: vscode.Position,
): Promise<vscode.Hover | undefined> {
  const { planFileHover } = await loadPlanFiles();
  const hover = planFileHover(document.getText(), document.offsetAt(position));
  if (hover === undefined) return undefined;
  const range = new vscode.Range(document.positionAt(hover.start), document.positionAt(hover.end));
  return new vscode.Hover(new vscode.MarkdownString(fieldText(hover.field, hover.value)), range);
}

function itemOf(completion: PlanFileCompletion): vscode.CompletionItem {
  const { kind, label, insert, description, field } = completion;
  const { Property, Value } = vscode.CompletionItemKind;
  const item = new vscode.CompletionItem(label, kind === 'field' ? Property : Value);
  item.insertText = insert;
  // The text brings the indentation that its place needs; VS Code would add that of the line.
  item.keepWhitespace = true;
  if (kind === 'field') item.documentation = new vscode.MarkdownString(fieldText(field, null));
  else item.documentation = description;
  if (completion.goesOn) {
    item.command = { command: 'editor.action.triggerSuggest', title: vscode.l10n.t('Suggest what follows') };
  }
  return item;
}

/** What is known of a field; of one of its values first, where that is what is pointed at. */
function fieldText(field: FieldHelp, value: ValueHelp | null): string {
  const { name, type, description, values } = field;
  const parts = [`**${name}** (${type})`, description];
  if (value !== null && value.description !== '') parts.unshift(`\`${value.value}\`: ${value.description}`);
  if (field.required) parts.push(vscode.l10n.t('Every plan file has it.'));
  if (field.default !== null) parts.push(vscode.l10n.t('Default: {0}', `\`${field.default}\``));
  const listed = values.map((one) => `- \`${one.value}\`${one.description === '' ? '' : `: ${one.description}`}`);
  if (listed.length > 1) parts.push(listed.join('\n'));
  return parts.join('\n\n');
}

/** Paths of the files of the workspace that a field can name. */
type FindFiles = Readonly<Record<NonNullable<PlanFileCompletions['files']>, () => Promise<readonly string[]>>>;

/** Folders of models. */
async function findModels(): Promise<readonly string[]> {
  return (await findConfigs()).configs.map(({ fsPath }) => dirname(fsPath));
}

async function findTokenizers(): Promise<readonly string[]> {
  const found = await vscode.workspace.findFiles('**/tokenizer.json', skippedFolders, mostOffered);
  return found.map(({ fsPath }) => fsPath);
}

/** What was found a little while ago, or is being looked for, counts; a failure does not. */
function kept<Value>(find: () => Promise<Value>): () => Promise<Value> {
  let last: { readonly found: Promise<Value>; untilMs: number } | undefined;
  return () => {
    if (last !== undefined && performance.now() < last.untilMs) return last.found;
    const asked = { found: find(), untilMs: Infinity };
    last = asked;
    asked.found.then(
      () => {
        asked.untilMs = performance.now() + keptMs;
      },
      () => {
        asked.untilMs = 0;
      },
    );
    return asked.found;
  };
}

/** Files that a field can name, relative to the plan file; looked for only where one is written. */
async function fileItems(
  completions: PlanFileCompletions,
  document: vscode.TextDocument,
  find: FindFiles,
): Promise<vscode.CompletionItem[]> {
  const { files } = completions;
  if (files === null) return [];
  const folder = dirname(document.uri.fsPath);
  const paths = (await find[files]()).flatMap((path) => pathFrom(folder, path) ?? []);
  const kind = files === 'model' ? vscode.CompletionItemKind.Folder : vscode.CompletionItemKind.File;
  return [...new Set(paths)].sort().map((path) => {
    const item = new vscode.CompletionItem(path, kind);
    item.insertText = writtenPath(path, completions);
    return item;
  });
}

/**
 * With slashes, and "./" where it would look like a plain name.
 * @returns undefined where no relative path leads there, as between drives of Windows
 */
export function pathFrom(
  folder: string,
  path: string,
  system: Pick<PlatformPath, 'isAbsolute' | 'relative' | 'sep'> = { isAbsolute, relative, sep },
): string | undefined {
  const steps = system.relative(folder, path);
  if (system.isAbsolute(steps)) return undefined;
  const written = steps.split(system.sep).join(posix.sep);
  return written.startsWith('..') ? written : `./${written}`;
}
