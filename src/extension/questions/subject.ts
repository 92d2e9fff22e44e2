import * as vscode from 'vscode';
import { BenchError, type Reason } from '../../core/errors.ts';
import { parseModel, supportedSoFar } from '../../core/model.ts';
import { builtInName, subjectKey, type Subject } from '../choices.ts';
import { readDocument } from '../modelDocument.ts';
import { shownWait } from '../shownWait.ts';
import { pickOne, type Answer, type Choice, type Note, type Question } from './pick.ts';

/** More files of one name than anybody picks from; a workspace of more has them opened and clicked. */
export const mostOffered = 200;
/** Files of one name that are read to see whether they are model configs; more would keep the user waiting. */
const mostLookedAt = 2000;
/** Each holds its text in memory while it is looked at. */
const lookedAtOnce = 50;
/** Folders of others' files, which models are not looked for in. */
export const skippedFolders = '**/{node_modules,.git,.venv,venv,.topology-bench}/**';

/**
 * Which model a command is about that only happens to be called while some editor is active: what the user picks, with that
 * editor's model config chosen beforehand; without a question where there is one model alone. undefined when the user left.
 * @param last the answer of the last time, chosen beforehand where the editor has none
 */
export async function chooseSubject(title: string, last: Subject | undefined): Promise<Subject | undefined> {
  const before = activeTextClassifier() ?? last;
  const looking = vscode.l10n.t('Looking for models');
  const choices = await shownWait(looking, 'looking for models', (signal) => subjectChoices(before, signal));
  const [only, ...others] = choices;
  if (only !== undefined && 'value' in only && others.length === 0) return only.value;
  return valueOf(await pickOne<Subject>({ ...modelQuestion(title), choices: () => choices }));
}

/**
 * Asks something about what a command is about: what it was called on, else the active editor's model config, else what the user
 * picks. Where the user picked that, the first question has a way back to it. undefined when the user left.
 * @param last what was answered the last time, with which the question begins
 * @throws BenchError model-unsupported when it was called on something that cannot be benchmarked
 */
export async function askAbout<Value>(
  argument: unknown,
  title: string,
  last: Subject | undefined,
  ask: (subject: Subject, canGoBack: boolean) => Promise<Answer<Value>>,
): Promise<Value | undefined> {
  const known = await knownSubject(argument);
  if (known !== undefined) return valueOf(await ask(known, false));
  let picked = last;
  for (;;) {
    const answer = await pickSubject(title, picked);
    if (answer.kind !== 'value') return undefined;
    picked = answer.value;
    const asked = await ask(picked, true);
    if (asked.kind !== 'back') return valueOf(asked);
  }
}

function valueOf<Value>(answer: Answer<Value>): Value | undefined {
  return answer.kind === 'value' ? answer.value : undefined;
}

async function knownSubject(argument: unknown): Promise<Subject | undefined> {
  if (isSubject(argument)) return argument;
  if (argument instanceof vscode.Uri) return checked(argument);
  const active = activeConfig();
  if (active === undefined) return undefined;
  const { model } = readDocument(active);
  // A config.json of something else entirely is only what happens to be open.
  return model !== undefined || active.fileName.endsWith('.pbtxt') ? checked(active.uri) : undefined;
}

function activeConfig(): vscode.TextDocument | undefined {
  const active = vscode.window.activeTextEditor?.document;
  return active !== undefined && isModelConfigName(active.uri) ? active : undefined;
}

/** undefined also where the active editor's config is of something else. */
function activeTextClassifier(): Subject | undefined {
  const active = activeConfig();
  if (active?.uri.scheme !== 'file' || readDocument(active).model?.task !== 'text-classification') return undefined;
  return { kind: 'config', uri: active.uri.toString() };
}

/** The run reads the files on disk, so what was typed is saved first: that is what the user sees and means. */
export async function saveSubject(subject: Subject): Promise<void> {
  if (subject.kind === 'config') await saveFile(subject.uri, 'model-incomplete');
}

/** @throws BenchError of the reason given, when it has changes that could not be saved */
export async function saveFile(uri: string, reason: Reason): Promise<void> {
  const document = vscode.workspace.textDocuments.find((candidate) => candidate.uri.toString() === uri);
  if (document?.isDirty !== true || (await document.save())) return;
  throw new BenchError({
    reason,
    message: vscode.l10n.t('{0} has changes that could not be saved.', document.fileName),
    nextStep: vscode.l10n.t('Save it and start again.'),
  });
}

/** @param before the one that was picked, the last time or before the user came back to this question */
export function pickSubject(title: string, before: Subject | undefined): Promise<Answer<Subject>> {
  return pickOne<Subject>({ ...modelQuestion(title), choices: (signal) => subjectChoices(before, signal) });
}

function modelQuestion(title: string): Omit<Question<Subject>, 'choices'> {
  return { title, placeholder: vscode.l10n.t('Which model?'), canGoBack: false };
}

/** @param before stands first and is chosen beforehand, also where it lies outside of the workspace, or was not looked at */
async function subjectChoices(
  before: Subject | undefined,
  signal: AbortSignal,
): Promise<readonly (Choice<Subject> | Note)[]> {
  const { configs, cutShort } = await findConfigs(signal);
  const builtIn: Choice<Subject> = {
    label: vscode.l10n.t('Tiny sentiment model (built in)'),
    description: builtInName,
    detail: vscode.l10n.t('4.6 MB; for a first look and for trying out a cluster'),
    icon: 'package',
    value: { kind: 'built-in' },
  };
  const found = [...configs.map(choiceOf), builtIn];
  const chosen = before === undefined ? undefined : await choiceAmong(found, before);
  if (chosen === undefined) return [...found, ...cutShort.map(cutShortNote)];
  const others = found.filter((choice) => choice !== chosen);
  return [{ ...chosen, picked: true }, ...others, ...cutShort.map(cutShortNote)];
}

/** undefined where it is not there any more: what was answered long ago may be gone. */
async function choiceAmong(found: readonly Choice<Subject>[], subject: Subject): Promise<Choice<Subject> | undefined> {
  const same = found.find(({ value }) => subjectKey(value) === subjectKey(subject));
  if (same !== undefined || subject.kind === 'built-in') return same;
  const uri = vscode.Uri.parse(subject.uri, true);
  const isActive = activeConfig()?.uri.toString() === uri.toString();
  return isActive || (await isTextClassifier(uri)) ? choiceOf(uri) : undefined;
}

export interface FoundConfigs {
  /** Of text classifiers, by path. */
  readonly configs: readonly vscode.Uri[];
  /** Names of which there are more files than were looked at. */
  readonly cutShort: readonly string[];
}

/** Model configs of the workspace; fewer of them when the signal ends meanwhile. */
export async function findConfigs(signal?: AbortSignal): Promise<FoundConfigs> {
  // Each name by itself: any number of config.json that are no model's must keep no config.pbtxt out.
  const byName = await Promise.all(
    ['config.pbtxt', 'config.json'].map(async (name) => {
      const found = await vscode.workspace.findFiles(`**/${name}`, skippedFolders, mostLookedAt + 1);
      // Those of a virtual workspace lie on no disk: to read them all takes long, and none could be run.
      const files = found.filter(({ scheme }) => scheme === 'file');
      const configs = await textClassifiersAmong(files.slice(0, mostLookedAt), signal);
      return { configs, cutShort: files.length > 0 && found.length > mostLookedAt ? [name] : [] };
    }),
  );
  return {
    configs: byName.flatMap(({ configs }) => configs).sort((a, b) => a.path.localeCompare(b.path)),
    cutShort: byName.flatMap(({ cutShort }) => cutShort),
  };
}

async function textClassifiersAmong(
  files: readonly vscode.Uri[],
  signal: AbortSignal | undefined,
): Promise<vscode.Uri[]> {
  const found: vscode.Uri[] = [];
  for (let from = 0; from < files.length && signal?.aborted !== true; from += lookedAtOnce) {
    const portion = files.slice(from, from + lookedAtOnce);
    const fitting = await Promise.all(portion.map(async (uri) => ((await isTextClassifier(uri)) ? [uri] : [])));
    found.push(...fitting.flat());
  }
  return found;
}

async function isTextClassifier(uri: vscode.Uri): Promise<boolean> {
  try {
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
    return parseModel(uri.fsPath, text).model?.task === 'text-classification';
  } catch {
    // A file that went away or may not be read is no choice.
    return false;
  }
}

function cutShortNote(name: string): Note {
  return {
    note: vscode.l10n.t('Only the first {0} files named {1} were looked at', String(mostLookedAt), name),
    detail: vscode.l10n.t('Open the config of a model that is missing here, and start from its lens.'),
  };
}

function choiceOf(uri: vscode.Uri): Choice<Subject> {
  const parts = uri.path.split('/');
  return {
    label: parts.at(-2) ?? uri.path,
    description: vscode.workspace.asRelativePath(uri),
    icon: 'file-code',
    value: { kind: 'config', uri: uri.toString() },
  };
}

/** @throws BenchError model-unsupported, which says why and what is supported so far */
async function checked(uri: vscode.Uri): Promise<Subject> {
  const document = await vscode.workspace.openTextDocument(uri);
  const { model, problems } = readDocument(document);
  if (model?.task === 'text-classification') return { kind: 'config', uri: uri.toString() };
  const name = vscode.workspace.asRelativePath(uri);
  const error = problems.find((problem) => problem.severity === 'error');
  if (error !== undefined) {
    throw new BenchError({
      reason: 'model-unsupported',
      message: vscode.l10n.t('{0} is not a valid model config: {1}', name, error.message),
      nextStep: vscode.l10n.t('Correct what the editor marks, and start again.'),
    });
  }
  const why = model?.why ?? null;
  throw new BenchError({
    reason: 'model-unsupported',
    message:
      why === null
        ? vscode.l10n.t('{0} cannot be benchmarked, because it is no model config.', name)
        : vscode.l10n.t('{0} cannot be benchmarked, because {1}.', name, why),
    nextStep: supportedSoFar,
  });
}

function isModelConfigName(uri: vscode.Uri): boolean {
  return uri.path.endsWith('/config.pbtxt') || uri.path.endsWith('/config.json');
}

function isSubject(value: unknown): value is Subject {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  return value.kind === 'built-in' || (value.kind === 'config' && 'uri' in value && typeof value.uri === 'string');
}
