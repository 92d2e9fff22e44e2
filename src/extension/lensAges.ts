import * as vscode from 'vscode';
import type { RunRecord } from '../core/record.ts';
import { ageOf } from '../core/view/age.ts';

/** The text of a lens is drawn anew when its age reads otherwise, but not more often, nor more seldom, than this. */
const shortestTickMs = 60_000;
const longestTickMs = 24 * 60 * 60_000;

/** Has lenses drawn again when an age that they show reads otherwise, as long as an editor shows one. */
export class LensAges implements vscode.Disposable {
  readonly #changed: () => void;
  /** Documents above which figures stand. */
  readonly #withFigures = new Set<string>();
  #tick: { readonly timer: NodeJS.Timeout; readonly dueMs: number } | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** @param record whose figures stand above the document; undefined: none */
  follow(document: vscode.TextDocument, record: RunRecord | undefined): void {
    const key = document.uri.toString();
    if (record === undefined) {
      this.#withFigures.delete(key);
      return;
    }
    this.#withFigures.add(key);
    const { nextInMs } = ageOf(passedSince(record));
    const inMs = Math.min(longestTickMs, Math.max(shortestTickMs, nextInMs));
    const dueMs = performance.now() + inMs;
    if (this.#tick !== undefined && this.#tick.dueMs <= dueMs) return;
    clearTimeout(this.#tick?.timer);
    const timer = setTimeout(() => {
      this.#tick = undefined;
      const shown = vscode.window.visibleTextEditors.map((editor) => editor.document.uri.toString());
      if (shown.some((uri) => this.#withFigures.has(uri))) this.#changed();
    }, inMs);
    this.#tick = { timer, dueMs };
  }

  dispose(): void {
    clearTimeout(this.#tick?.timer);
  }
}

export function passedSince(record: RunRecord): number {
  return Date.now() - Date.parse(record.endedAt);
}
