import * as vscode from 'vscode';
import { parseModel, type Problem } from '../core/model.ts';
import { modelConfigSelector } from './lens.ts';

/** Pause in typing after which a model config is read again. */
const pauseMs = 300;

/** Shows what is wrong in open model configs, as one types. */
export class ModelDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('topology-bench');
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #listeners: vscode.Disposable;

  constructor() {
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
    );
    for (const document of vscode.workspace.textDocuments) this.#check(document);
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#listeners.dispose();
    this.#collection.dispose();
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
    const { problems } = parseModel(document.fileName, document.getText());
    this.#collection.set(
      document.uri,
      problems.map((problem) => diagnosticOf(document, problem)),
    );
  }
}

function isCandidate(document: vscode.TextDocument): boolean {
  return vscode.languages.match(modelConfigSelector, document) > 0;
}

function diagnosticOf(document: vscode.TextDocument, problem: Problem): vscode.Diagnostic {
  const range = new vscode.Range(document.positionAt(problem.start), document.positionAt(problem.end));
  const severity = problem.severity === 'error' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning;
  const diagnostic = new vscode.Diagnostic(range, problem.message, severity);
  diagnostic.source = 'Topology Bench';
  return diagnostic;
}
