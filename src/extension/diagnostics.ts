import * as vscode from 'vscode';
import type { Failures } from './failures.ts';

/** Pause in typing after which a file is checked again. */
const pauseMs = 300;

/** What is to be marked in files of one kind. */
export interface Check {
  readonly selector: vscode.DocumentSelector;
  problems(document: vscode.TextDocument): readonly CheckedProblem[] | Promise<readonly CheckedProblem[]>;
  /** The same text may have other problems by now. */
  readonly onDidChange: vscode.Event<unknown>;
}

export interface CheckedProblem {
  readonly message: string;
  /** Offsets into the text, end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly severity: keyof typeof severities;
  /** With the page that explains it. */
  readonly code?: string;
  readonly docs?: string;
}

const severities = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
} as const;

/** Marks what is wrong in open files of one kind, as one types. */
export class Diagnostics implements vscode.Disposable {
  readonly #check: Check;
  readonly #failures: Pick<Failures, 'note'>;
  readonly #collection: vscode.DiagnosticCollection;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** The check of each open file that was begun last: what an earlier one finds late counts no more. */
  readonly #latest = new Map<string, symbol>();
  readonly #listeners: vscode.Disposable;

  /** @param name tells them from those of other kinds */
  constructor(name: string, check: Check, failures: Pick<Failures, 'note'>) {
    this.#check = check;
    this.#failures = failures;
    this.#collection = vscode.languages.createDiagnosticCollection(name);
    this.#listeners = vscode.Disposable.from(
      vscode.workspace.onDidOpenTextDocument((document) => {
        this.#checkNow(document);
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        this.#checkSoon(document);
      }),
      vscode.workspace.onDidCloseTextDocument((document) => {
        const key = document.uri.toString();
        clearTimeout(this.#timers.get(key));
        this.#timers.delete(key);
        this.#latest.delete(key);
        this.#collection.delete(document.uri);
      }),
      check.onDidChange(() => {
        this.#checkAll();
      }),
    );
    this.#checkAll();
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#latest.clear();
    this.#listeners.dispose();
    this.#collection.dispose();
  }

  #checkAll(): void {
    for (const document of vscode.workspace.textDocuments) this.#checkNow(document);
  }

  #checkSoon(document: vscode.TextDocument): void {
    if (!this.#concerns(document)) return;
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        this.#checkNow(document);
      }, pauseMs),
    );
  }

  #checkNow(document: vscode.TextDocument): void {
    if (document.isClosed || !this.#concerns(document)) return;
    const key = document.uri.toString();
    const check = Symbol(key);
    this.#latest.set(key, check);
    const found = this.#check.problems(document);
    if (!(found instanceof Promise)) {
      this.#mark(document, found);
      return;
    }
    const { version } = document;
    found.then(
      (problems) => {
        // What was typed meanwhile is checked by itself.
        if (this.#latest.get(key) === check && document.version === version) this.#mark(document, problems);
      },
      (error: unknown) => {
        if (this.#latest.get(key) === check) this.#failures.note(error, 'checking a file');
      },
    );
  }

  #mark(document: vscode.TextDocument, problems: readonly CheckedProblem[]): void {
    this.#collection.set(
      document.uri,
      problems.map((problem) => diagnosticOf(document, problem)),
    );
  }

  #concerns(document: vscode.TextDocument): boolean {
    return vscode.languages.match(this.#check.selector, document) > 0;
  }
}

function diagnosticOf(document: vscode.TextDocument, problem: CheckedProblem): vscode.Diagnostic {
  const range = new vscode.Range(document.positionAt(problem.start), document.positionAt(problem.end));
  const diagnostic = new vscode.Diagnostic(range, problem.message, severities[problem.severity]);
  diagnostic.source = 'Topology Bench';
  const { code, docs } = problem;
  if (code !== undefined && docs !== undefined) diagnostic.code = { value: code, target: vscode.Uri.parse(docs) };
  return diagnostic;
}
