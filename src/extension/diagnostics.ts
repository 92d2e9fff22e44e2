import * as vscode from 'vscode';
import type { Hint, Problem } from '../core/model.ts';
import { modelConfigSelector } from './lens.ts';
import { readDocument } from './modelDocument.ts';
import type { ModelHints } from './modelHints.ts';

/** Pause in typing after which a model config is read again. */
const pauseMs = 300;

/** Shows what is wrong in open model configs, and what costs performance, as one types. */
export class ModelDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('topology-bench');
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #listeners: vscode.Disposable;
  readonly #hints: Pick<ModelHints, 'of' | 'onDidChange'>;

  constructor(hints: Pick<ModelHints, 'of' | 'onDidChange'>) {
    this.#hints = hints;
    this.#listeners = vscode.Disposable.from(
      vscode.workspace.onDidOpenTextDocument((document) => {
        this.#check(document);
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        this.#checkSoon(document);
      }),
      vscode.workspace.onDidCloseTextDocument((document) => {
        clearTimeout(this.#timers.get(document.uri.toString()));
        this.#collection.delete(document.uri);
      }),
      hints.onDidChange(() => {
        this.#checkAll();
      }),
    );
    this.#checkAll();
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#listeners.dispose();
    this.#collection.dispose();
  }

  #checkAll(): void {
    for (const document of vscode.workspace.textDocuments) this.#check(document);
  }

  #checkSoon(document: vscode.TextDocument): void {
    if (!isCandidate(document)) return;
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        if (!document.isClosed) this.#check(document);
      }, pauseMs),
    );
  }

  #check(document: vscode.TextDocument): void {
    if (!isCandidate(document)) return;
    const { problems } = readDocument(document);
    this.#collection.set(document.uri, [
      ...problems.map((problem) => diagnosticOf(document, problem)),
      ...this.#hints.of(document).map((hint) => hintDiagnostic(document, hint)),
    ]);
  }
}

function isCandidate(document: vscode.TextDocument): boolean {
  return vscode.languages.match(modelConfigSelector, document) > 0;
}

function hintDiagnostic(document: vscode.TextDocument, hint: Hint): vscode.Diagnostic {
  const diagnostic = diagnosticOf(document, hint);
  diagnostic.code = { value: hint.code, target: vscode.Uri.parse(hint.docs) };
  return diagnostic;
}

const severities = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
} as const;

function diagnosticOf(document: vscode.TextDocument, problem: Problem | Hint): vscode.Diagnostic {
  const range = new vscode.Range(document.positionAt(problem.start), document.positionAt(problem.end));
  const diagnostic = new vscode.Diagnostic(range, problem.message, severities[problem.severity]);
  diagnostic.source = 'Topology Bench';
  return diagnostic;
}
