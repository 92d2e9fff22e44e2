import * as vscode from 'vscode';
import { ageOf } from '../../core/view/age.ts';
import { ageText, runTime } from '../describe.ts';

/** After that a day says more than how long ago it was. */
const longestAgeMs = 2 * 24 * 60 * 60_000;

/** How long ago each run ended, as its row says it and the lens of its config does; has the rows drawn again whose words are others by now. */
export class RowAges implements vscode.Disposable {
  readonly #redraw: (runIds: ReadonlySet<string>) => void;
  /** What the rows said last, by run id. */
  readonly #said = new Map<string, { readonly endedAtMs: number; readonly text: string }>();
  #tick: { readonly timer: NodeJS.Timeout; readonly dueMs: number } | undefined;

  constructor(redraw: (runIds: ReadonlySet<string>) => void) {
    this.#redraw = redraw;
  }

  /** "3h ago", or the day and the time at which an older run began. */
  textOf({ id, endedAt }: { readonly id: string; readonly endedAt: string }): string {
    const endedAtMs = Date.parse(endedAt);
    const text = ageOrTime(id, endedAtMs);
    this.#said.set(id, { endedAtMs, text });
    this.#follow(endedAtMs);
    return text;
  }

  dispose(): void {
    clearTimeout(this.#tick?.timer);
    this.#said.clear();
  }

  #follow(endedAtMs: number): void {
    const passedMs = Date.now() - endedAtMs;
    if (passedMs < longestAgeMs) this.#tickIn(ageOf(passedMs).nextInMs);
  }

  /** There is one timer, for the row whose words are others soonest. */
  #tickIn(inMs: number): void {
    const dueMs = Date.now() + inMs;
    if (this.#tick !== undefined && this.#tick.dueMs <= dueMs) return;
    clearTimeout(this.#tick?.timer);
    const timer = setTimeout(() => {
      this.#tick = undefined;
      this.#sayAnew();
    }, inMs);
    timer.unref();
    this.#tick = { timer, dueMs };
  }

  #sayAnew(): void {
    const changed = [...this.#said].filter(([id, { endedAtMs, text }]) => ageOrTime(id, endedAtMs) !== text);
    // Those that are still there say their words anew, and are followed again by that.
    for (const [id] of changed) this.#said.delete(id);
    this.#redraw(new Set(changed.map(([id]) => id)));
    // The others say what they said, so that nobody asks for them: the timer is theirs now.
    for (const { endedAtMs } of this.#said.values()) this.#follow(endedAtMs);
  }
}

function ageOrTime(runId: string, endedAtMs: number): string {
  const passedMs = Date.now() - endedAtMs;
  const { language } = vscode.env;
  return passedMs < longestAgeMs ? ageText(ageOf(passedMs), language) : runTime(runId, language);
}
