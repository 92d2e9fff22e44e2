import { fakeVscode } from './fakeVscode.ts';

/**
 * The part of the API that lenses, diagnostics and quick fixes need, beside fakeVscode.ts:
 * `vi.mock('vscode', async () => (await import('./fakeEditor.ts')).fakeEditor)` puts both in place.
 */

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
  readonly uri: InstanceType<typeof fakeVscode.Uri>;
  readonly fileName: string;
  version = 1;
  isClosed = false;
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
    changed.fire({ document: this });
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
  command: { readonly title: string; readonly tooltip?: string } | undefined;
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

/** What is marked, by path. */
export const marks = new Map<string, readonly Diagnostic[]>();
export const openDocuments: FakeDocument[] = [];
export const visibleEditors: { readonly document: FakeDocument }[] = [];
const changed = new fakeVscode.EventEmitter<{ readonly document: FakeDocument }>();
const opened = new fakeVscode.EventEmitter<FakeDocument>();
const closed = new fakeVscode.EventEmitter<FakeDocument>();

export const fakeEditor = {
  ...fakeVscode,
  Position,
  Range,
  CodeLens,
  Diagnostic,
  CodeAction,
  WorkspaceEdit,
  CodeActionKind: { QuickFix: 'quickfix' },
  DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2, Hint: 3 },
  languages: {
    match: (_selector: unknown, { fileName }: FakeDocument): number =>
      /config\.(?:pbtxt|json)$/u.test(fileName) ? 10 : 0,
    createDiagnosticCollection: () => ({
      set: ({ fsPath }: FakeDocument['uri'], diagnostics: readonly Diagnostic[]) => marks.set(fsPath, diagnostics),
      delete: ({ fsPath }: FakeDocument['uri']) => marks.delete(fsPath),
      dispose: () => {
        marks.clear();
      },
    }),
  },
  window: { ...fakeVscode.window, visibleTextEditors: visibleEditors },
  workspace: {
    ...fakeVscode.workspace,
    textDocuments: openDocuments,
    onDidOpenTextDocument: opened.event,
    onDidChangeTextDocument: changed.event,
    onDidCloseTextDocument: closed.event,
  },
};
