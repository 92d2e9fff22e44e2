import type * as vscode from 'vscode';
import { explain } from '../core/errors.ts';
import type { Holder } from '../runs/hold.ts';
import type { Engine } from './engine.ts';

/** How often a window that looks on asks whether the one that looks after the run has gone. */
const askEveryMs = 2_000;

/** What others may know of it. */
export interface HoldState {
  /** As far as this window knows. */
  readonly isOurs: boolean;
  /** Resolves when the run becomes this window's; one that another window looks after to its end never does. */
  readonly taken: Promise<void>;
}

/** Of a run that this window begins: nobody takes it away as long as the window is there. */
export const ownHold: HoldState = { isOurs: true, taken: Promise.resolve() };

/**
 * This window's part in a run under way. Of the windows that show a run, one looks after it: it has the notification, tells how
 * the run ended, takes its journal away, and stops it on closing where the settings say so. When that window goes, another one
 * takes over.
 */
export class Hold implements HoldState {
  readonly taken: Promise<void>;
  readonly #engine: Engine;
  readonly #journal: string;
  readonly #window: string;
  readonly #log: vscode.LogOutputChannel;
  #tellTaken: () => void = () => undefined;
  #isOwn = false;
  #isOurs = false;
  #isReleased = false;
  #timer: NodeJS.Timeout | undefined;
  #taking: Promise<boolean> | undefined;

  /** @param window id of this window */
  constructor(engine: Engine, journal: string, window: string, log: vscode.LogOutputChannel) {
    this.#engine = engine;
    this.#journal = journal;
    this.#window = window;
    this.#log = log;
    this.taken = new Promise((resolve) => {
      this.#tellTaken = resolve;
    });
  }

  get isOurs(): boolean {
    return this.#isOurs;
  }

  /** For the window that begins the run, before the run's journal is there. @throws what the file system says */
  async begin(): Promise<void> {
    this.#isOwn = true;
    this.#isOurs = true;
    this.#tellTaken();
    await this.#engine.beginHold(this.#journal, await this.#holder());
  }

  /** Takes the run if nobody has it, and asks from time to time, until `end`, whether that is so still. */
  async watch(): Promise<void> {
    await this.take();
    if (this.#isSettled()) return;
    this.#timer = setInterval(() => {
      void this.take();
    }, askEveryMs);
    this.#timer.unref();
  }

  /** Never rejects. @returns whether this window looks after the run */
  take(): Promise<boolean> {
    // One at a time: of two the later one may answer first, and the earlier one's answer is not true any more.
    this.#taking ??= this.#takeNow().finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  async #takeNow(): Promise<boolean> {
    if (this.#isSettled()) return this.#isOurs;
    const engine = this.#engine;
    try {
      const isOurs = await engine.takeHold(this.#journal, await this.#holder(), engine.isRunning);
      // The window has left while it was looked whether the other one is there.
      if (this.#isReleased) engine.releaseHold(this.#journal, this.#window);
      else this.#isOurs = isOurs;
      if (this.#isOurs) this.#tellTaken();
    } catch (error) {
      this.#log.warn(`Which window looks after the run cannot be told: ${explain(error)}`);
      // Its end is rather told twice than by nobody.
      this.#isOurs = true;
      this.#tellTaken();
    }
    return this.#isOurs;
  }

  /** Nothing is asked any more; what this window holds it keeps. */
  end(): void {
    clearInterval(this.#timer);
  }

  /** The window goes, and another one may take the run over. Never throws. */
  release(): void {
    this.end();
    this.#isReleased = true;
    this.#isOurs = false;
    try {
      this.#engine.releaseHold(this.#journal, this.#window);
    } catch {
      // Whoever comes sees that this window's process is gone.
    }
  }

  /** It stays as it is, whatever others do. */
  #isSettled(): boolean {
    return this.#isOwn || this.#isReleased;
  }

  async #holder(): Promise<Holder> {
    return { window: this.#window, ...(await this.#engine.processOf(process.pid)) };
  }
}
