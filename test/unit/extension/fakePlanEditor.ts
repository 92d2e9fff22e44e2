import { vi } from 'vitest';
import { fakeVscode } from './fakeVscode.ts';

/**
 * The part of the API that plan files need in an editor, beside fakeVscode.ts, on files that are on no disk:
 * `vi.mock('vscode', async () => (await import('./fakePlanEditor.ts')).fakePlanEditor)` puts both in place.
 */

type Uri = InstanceType<typeof fakeVscode.Uri>;

class Position {
  readonly line: number;
  readonly character: number;
  constructor(line: number, character: number) {
    this.line = line;
    this.character = character;
  }
}

class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(...at: [Position, Position] | [number, number, number, number]) {
    const [start, end] = at.length === 2 ? at : [new Position(at[0], at[1]), new Position(at[2], at[3])];
    this.start = start;
    this.end = end;
  }
}

/** A text in an editor, as far as what reads it needs. */
export class FakeDocument {
  readonly uri: Uri;
  readonly fileName: string;
  version = 1;
  isClosed = false;
  isDirty = false;
  readonly save = vi.fn(async () => true);
  #text: string;

  constructor(path: string, text: string) {
    this.uri = fakeVscode.Uri.file(path);
    this.fileName = path;
    this.#text = text;
  }

  type(text: string): void {
    this.#text = text;
    this.version += 1;
    documentChanged.fire({ document: this });
  }

  getText(): string {
    return this.#text;
  }

  offsetAt({ line, character }: Position): number {
    return (this.#lineStarts()[line] ?? 0) + character;
  }

  positionAt(offset: number): Position {
    const starts = this.#lineStarts();
    const line = starts.findLastIndex((start) => start <= offset);
    return new Position(line, offset - (starts[line] ?? 0));
  }

  #lineStarts(): number[] {
    return [0, ...[...this.#text.matchAll(/\n/gu)].map(({ index }) => index + 1)];
  }
}

class CodeLens {
  readonly range: Range;
  command: { readonly command: string; readonly title: string; readonly arguments: unknown[] } | undefined;
  constructor(range: Range) {
    this.range = range;
  }
}

class Diagnostic {
  source = '';
  readonly range: Range;
  readonly message: string;
  readonly severity: number;
  constructor(range: Range, message: string, severity: number) {
    this.range = range;
    this.message = message;
    this.severity = severity;
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
export const marked = new Map<string, readonly Diagnostic[]>();
export const documentOpened = new fakeVscode.EventEmitter<FakeDocument>();
export const documentClosed = new fakeVscode.EventEmitter<FakeDocument>();
export const editorChanged = new fakeVscode.EventEmitter<{ readonly document: FakeDocument } | undefined>();
const documentChanged = new fakeVscode.EventEmitter<{ readonly document: FakeDocument }>();

const nothing = { dispose: (): void => undefined };
const notFound = (): Error => new Error('FileNotFound');

export const fakePlanEditor = {
  ...fakeVscode,
  Position,
  Range,
  CodeLens,
  Diagnostic,
  DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2 },
  MarkdownString,
  Hover,
  CompletionItem,
  CompletionItemKind: { Property: 9, Value: 11, File: 16, Folder: 18 },
  languages: {
    /** By the end of the pattern alone. */
    match: (selector: { pattern: string } | readonly { pattern: string }[], { uri }: FakeDocument): number =>
      [selector].flat().some(({ pattern }) => uri.fsPath.endsWith(pattern.replace('**', ''))) ? 10 : 0,
    createDiagnosticCollection: () => ({
      set: (uri: Uri, found: readonly Diagnostic[]) => marked.set(uri.fsPath, found),
      delete: (uri: Uri) => marked.delete(uri.fsPath),
      dispose: () => {
        marked.clear();
      },
    }),
    registerCompletionItemProvider: vi.fn<(...parts: unknown[]) => typeof nothing>(() => nothing),
    registerHoverProvider: vi.fn<(...parts: unknown[]) => typeof nothing>(() => nothing),
  },
  window: {
    ...fakeVscode.window,
    visibleTextEditors: [],
    activeTextEditor: undefined as { readonly document: FakeDocument } | undefined,
    onDidChangeActiveTextEditor: editorChanged.event,
  },
  workspace: {
    ...fakeVscode.workspace,
    textDocuments: [] as FakeDocument[],
    onDidOpenTextDocument: documentOpened.event,
    onDidChangeTextDocument: documentChanged.event,
    onDidCloseTextDocument: documentClosed.event,
    asRelativePath: ({ fsPath }: Uri): string => fsPath.replace('/project/', ''),
    getWorkspaceFolder: ({ fsPath }: Uri) =>
      fakePlanEditor.workspace.workspaceFolders?.find(({ uri }) => fsPath.startsWith(uri.fsPath)),
    findFiles: vi.fn(async (pattern: string) => {
      const names = pattern.replace('**/', '').replace(/[{}]/gu, '').split(',');
      const paths = [...files.keys()].filter((path) => names.includes(path.slice(path.lastIndexOf('/') + 1)));
      return paths.map((path) => fakeVscode.Uri.file(path));
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
