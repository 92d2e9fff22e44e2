import { vi } from 'vitest';
import { fakeVscode } from './fakeVscode.ts';

/**
 * The part of the API that lenses, diagnostics, quick fixes, completion and hover need, beside fakeVscode.ts, on files that are
 * on no disk: `vi.mock('vscode', async () => (await import('./fakeEditor.ts')).fakeEditor)` puts both in place.
 */

type Uri = InstanceType<typeof fakeVscode.Uri>;

export class Position {
  readonly line: number;
  readonly character: number;
  constructor(line: number, character: number) {
    this.line = line;
    this.character = character;
  }
  isAfter(other: Position): boolean {
    return this.line > other.line || (this.line === other.line && this.character > other.character);
  }
}

export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(...at: [Position, Position] | [number, number, number, number]) {
    const [start, end] = at.length === 2 ? at : ([new Position(at[0], at[1]), new Position(at[2], at[3])] as const);
    this.start = start;
    this.end = end;
  }
  isEqual(other: Range): boolean {
    return JSON.stringify(this) === JSON.stringify(other);
  }
  intersection(other: Range): Range | undefined {
    const start = this.start.isAfter(other.start) ? this.start : other.start;
    const end = this.end.isAfter(other.end) ? other.end : this.end;
    return start.isAfter(end) ? undefined : new Range(start, end);
  }
}

/** An open document; each text that it is given is its next version. */
export class FakeDocument {
  readonly uri: Uri;
  readonly fileName: string;
  version = 1;
  encoding = 'utf8';
  isClosed = false;
  isDirty = false;
  readonly save = vi.fn(async () => true);
  /** How often its whole text was asked for. */
  reads = 0;
  #text: string;

  constructor(path: string, text: string) {
    this.uri = fakeVscode.Uri.file(path);
    this.fileName = path;
    this.#text = text;
  }

  /** As typed: saved by nobody. */
  type(text: string): void {
    this.#text = text;
    this.version += 1;
    documentChanged.fire({ document: this });
  }

  getText(): string {
    this.reads += 1;
    return this.#text;
  }

  positionAt(offset: number): Position {
    const lines = this.#text.slice(0, offset).split('\n');
    return new Position(lines.length - 1, lines.at(-1)?.length ?? 0);
  }

  offsetAt({ line, character }: Position): number {
    const before = this.#text.split('\n').slice(0, line);
    return before.reduce((sum, text) => sum + text.length + 1, 0) + character;
  }

  lineAt(line: number): { readonly text: string } {
    return { text: this.#text.split('\n')[line] ?? '' };
  }

  /** The text with an edit made. */
  with(edit: WorkspaceEdit): string {
    const lastFirst = [...edit.replaced].sort((a, b) => this.offsetAt(b.range.start) - this.offsetAt(a.range.start));
    return lastFirst.reduce(
      (text, { range, newText }) =>
        text.slice(0, this.offsetAt(range.start)) + newText + text.slice(this.offsetAt(range.end)),
      this.#text,
    );
  }
}

class CodeLens {
  readonly range: Range;
  command:
    | { readonly command: string; readonly title: string; readonly tooltip?: string; readonly arguments: unknown[] }
    | undefined;
  constructor(range: Range) {
    this.range = range;
  }
}

class Diagnostic {
  readonly range: Range;
  readonly message: string;
  readonly severity: number;
  source: string | undefined;
  code: unknown;
  constructor(range: Range, message: string, severity: number) {
    this.range = range;
    this.message = message;
    this.severity = severity;
  }
}

class CodeAction {
  readonly title: string;
  readonly kind: string;
  edit: WorkspaceEdit | undefined;
  isPreferred: boolean | undefined;
  diagnostics: readonly Diagnostic[] | undefined;
  constructor(title: string, kind: string) {
    this.title = title;
    this.kind = kind;
  }
}

export class WorkspaceEdit {
  readonly replaced: { readonly range: Range; readonly newText: string }[] = [];
  replace(_uri: unknown, range: Range, newText: string): void {
    this.replaced.push({ range, newText });
  }
}

class MarkdownString extends fakeVscode.MarkdownString {
  constructor(value: string) {
    super();
    this.value = value;
  }
}

class Hover {
  readonly contents: unknown;
  readonly range: Range;
  constructor(contents: unknown, range: Range) {
    this.contents = contents;
    this.range = range;
  }
}

class CompletionItem {
  readonly label: string;
  readonly kind: number;
  constructor(label: string, kind: number) {
    this.label = label;
    this.kind = kind;
  }
}

/** Files of the workspace, by path. */
export const files = new Map<string, string>();
/** What is marked, by path. */
export const marks = new Map<string, readonly Diagnostic[]>();
const openDocuments: FakeDocument[] = [];
export const visibleEditors: { readonly document: FakeDocument }[] = [];
export const documentOpened = new fakeVscode.EventEmitter<FakeDocument>();
export const documentClosed = new fakeVscode.EventEmitter<FakeDocument>();
export const editorChanged = new fakeVscode.EventEmitter<{ readonly document: FakeDocument } | undefined>();
const documentChanged = new fakeVscode.EventEmitter<{ readonly document: FakeDocument }>();

/** These are open, and no others; nobody is told. */
export function haveOpen(...documents: readonly FakeDocument[]): void {
  openDocuments.splice(0, openDocuments.length, ...documents);
}

class RelativePattern {
  readonly baseUri: Uri;
  readonly pattern: string;
  constructor(baseUri: Uri, pattern: string) {
    this.baseUri = baseUri;
    this.pattern = pattern;
  }
}

type Change = 'create' | 'change' | 'delete';

/** Files that are watched on the disk, by path. */
export const fileWatchers = new Map<string, Set<InstanceType<typeof fakeVscode.EventEmitter<Change>>>>();

function createFileSystemWatcher({ baseUri, pattern }: RelativePattern) {
  const { fsPath } = fakeVscode.Uri.joinPath(baseUri, pattern);
  const changes = new fakeVscode.EventEmitter<Change>();
  const ofFile = fileWatchers.get(fsPath) ?? new Set();
  fileWatchers.set(fsPath, ofFile.add(changes));
  const on = (kind: Change) => (listener: () => void) =>
    changes.event((change) => {
      if (change === kind) listener();
    });
  return {
    onDidCreate: on('create'),
    onDidChange: on('change'),
    onDidDelete: on('delete'),
    dispose: () => {
      ofFile.delete(changes);
      if (ofFile.size === 0) fileWatchers.delete(fsPath);
    },
  };
}

/** As another program writes a file, or removes it. */
export function changeOnDisk(path: string, text: string | undefined): void {
  const change = text === undefined ? 'delete' : files.has(path) ? 'change' : 'create';
  if (text === undefined) files.delete(path);
  else files.set(path, text);
  for (const changes of fileWatchers.get(path) ?? []) changes.fire(change);
}

const nothing = { dispose: (): void => undefined };
const notFound = (): Error => new Error('FileNotFound');

export const fakeEditor = {
  ...fakeVscode,
  Position,
  Range,
  CodeLens,
  Diagnostic,
  CodeAction,
  WorkspaceEdit,
  RelativePattern,
  MarkdownString,
  Hover,
  CompletionItem,
  CodeActionKind: { QuickFix: 'quickfix' },
  CompletionItemKind: { Property: 9, Value: 11, File: 16, Folder: 18 },
  DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2, Hint: 3 },
  languages: {
    /** By the end of the pattern alone. */
    match: (selector: { pattern: string } | readonly { pattern: string }[], { uri }: FakeDocument): number =>
      [selector].flat().some(({ pattern }) => uri.fsPath.endsWith(pattern.replace('**', ''))) ? 10 : 0,
    createDiagnosticCollection: () => {
      let isDisposed = false;
      return {
        set: ({ fsPath }: Uri, diagnostics: readonly Diagnostic[]) => {
          if (isDisposed) throw new Error('illegal state - object is disposed');
          marks.set(fsPath, diagnostics);
        },
        delete: ({ fsPath }: Uri) => marks.delete(fsPath),
        dispose: () => {
          isDisposed = true;
          marks.clear();
        },
      };
    },
    registerCompletionItemProvider: vi.fn<(...parts: unknown[]) => typeof nothing>(() => nothing),
    registerHoverProvider: vi.fn<(...parts: unknown[]) => typeof nothing>(() => nothing),
  },
  window: {
    ...fakeVscode.window,
    visibleTextEditors: visibleEditors,
    activeTextEditor: undefined as { readonly document: FakeDocument } | undefined,
    onDidChangeActiveTextEditor: editorChanged.event,
  },
  workspace: {
    ...fakeVscode.workspace,
    textDocuments: openDocuments,
    onDidOpenTextDocument: documentOpened.event,
    onDidChangeTextDocument: documentChanged.event,
    onDidCloseTextDocument: documentClosed.event,
    createFileSystemWatcher,
    asRelativePath: ({ fsPath }: Uri): string => fsPath.replace('/project/', ''),
    getWorkspaceFolder: ({ fsPath }: Uri) =>
      fakeEditor.workspace.workspaceFolders?.find(({ uri }) => fsPath.startsWith(uri.fsPath)),
    findFiles: vi.fn(async (pattern: string, _skipped?: string, most?: number) => {
      const names = pattern.replace('**/', '').replace(/[{}]/gu, '').split(',');
      const paths = [...files.keys()].filter((path) => names.includes(path.slice(path.lastIndexOf('/') + 1)));
      return paths.slice(0, most).map((path) => fakeVscode.Uri.file(path));
    }),
    fs: {
      stat: async ({ fsPath }: Uri): Promise<void> => {
        if (![...files.keys()].some((path) => path === fsPath || path.startsWith(`${fsPath}/`))) throw notFound();
      },
      readFile: async ({ fsPath }: Uri): Promise<Uint8Array> => {
        const text = files.get(fsPath);
        if (text === undefined) throw notFound();
        return new TextEncoder().encode(text);
      },
      writeFile: vi.fn(async ({ fsPath }: Uri, bytes: Uint8Array): Promise<void> => {
        files.set(fsPath, new TextDecoder().decode(bytes));
      }),
    },
  },
};
