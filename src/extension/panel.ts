import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import { explain, toBenchError } from '../core/errors.ts';
import type {
  DrawnFigure,
  HostMessage,
  PanelRequest,
  PanelState,
  PanelSubject,
  View,
  WebviewMessage,
} from '../protocol/messages.ts';
import { isPanelState, parseWebviewMessage } from '../protocol/validate.ts';
import { comparisonTitle } from './comparedRecords.ts';
import { setContextKey } from './contextKeySetting.ts';
import { contextKeys, panelType } from './contributions.ts';
import { runTime } from './describe.ts';
import { loadFirstPaint } from './engine.ts';
import { webviewRoot } from './page.ts';
import { PanelText } from './panelText.ts';

/** What a panel shows and does, decided by who knows runs and results. */
export interface PanelContent {
  /** The complete snapshot: of a run that is live, ended or on disk, of two beside each other, or why there is none. */
  view(subject: PanelSubject): Promise<View>;
  /** Whether a run waits for its turn, goes on or cleans up. */
  isUnderWay(runId: string): boolean;
  /** Rejects with a sentence for the user. What a panel itself does ("swap") never comes here. */
  answer(subject: PanelSubject, request: Exclude<PanelRequest, { kind: 'swap' }>): Promise<void>;
}

/** The last things that a page said, for tests. */
export interface PanelReport extends PanelSubject {
  readonly title: string;
  readonly visible: boolean;
  readonly view: View | null;
  readonly drawn: {
    readonly kind: View['kind'];
    readonly runId: string | null;
    readonly figures: readonly DrawnFigure[];
  } | null;
  readonly problems: readonly string[];
}

/**
 * The results panels beside the code: one in which ended runs follow each other, as files do in a preview editor, one for each
 * run under way and for each comparison. A hidden page is thrown away by VS Code and asks for its snapshot again when it comes
 * back.
 */
export class Panels implements vscode.Disposable, vscode.WebviewPanelSerializer {
  readonly #extensionUri: vscode.Uri;
  readonly #content: PanelContent;
  readonly #log: vscode.LogOutputChannel;
  readonly #open = new Map<vscode.WebviewPanel, OpenPanel>();
  readonly #serializer: vscode.Disposable;
  readonly #sight = new vscode.EventEmitter<void>();
  /** What can be seen may be something else now. */
  readonly onDidChangeSight = this.#sight.event;

  constructor(extensionUri: vscode.Uri, content: PanelContent, log: vscode.LogOutputChannel) {
    this.#extensionUri = extensionUri;
    this.#content = content;
    this.#log = log;
    this.#serializer = vscode.window.registerWebviewPanelSerializer(panelType, this);
  }

  /** Shows a run's panel, alone or compared, without taking the focus from the code. */
  show(subject: PanelSubject, title: string): void {
    const found = this.#nearest(subject) ?? (subject.before === undefined ? this.#toTurn() : undefined);
    if (found !== undefined) {
      const [panel, open] = found;
      panel.title = title;
      open.turnTo(subject);
      panel.reveal(undefined, true);
      this.#sight.fire();
      return;
    }
    const options = { ...this.#options(), enableFindWidget: true };
    const place = { viewColumn: this.#column(), preserveFocus: true };
    this.#adopt(vscode.window.createWebviewPanel(panelType, title, place, options), subject);
  }

  /** Sends a fresh snapshot to the panels of a run, or to all. */
  refresh(runId?: string): void {
    for (const open of this.#open.values()) {
      const { subject } = open;
      if (runId === undefined || subject.runId === runId || subject.before === runId) open.refresh();
    }
  }

  /** Runs that a command may mean: that of the panel that has the focus, else of all that can be seen; of a comparison the run after. */
  inSight(): string[] {
    const open = [...this.#open];
    const active = open.filter(([panel]) => panel.active);
    const seen = active.length > 0 ? active : open.filter(([panel]) => panel.visible);
    return [...new Set(seen.flatMap(([, { subject }]) => subject.runId ?? []))];
  }

  /** Whether a panel that can be seen shows this run, alone. */
  shows(runId: string): boolean {
    return [...this.#open].some(
      ([panel, { subject }]) => panel.visible && subject.runId === runId && subject.before === undefined,
    );
  }

  /** Whether any of them can be seen, whatever it shows. */
  isAnySeen(): boolean {
    return [...this.#open.keys()].some(({ visible }) => visible);
  }

  reports(): readonly PanelReport[] {
    return [...this.#open.values()].map((open) => open.report());
  }

  /** After a reload of the window: the page comes with what it kept. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    panel.webview.options = this.#options();
    this.#adopt(panel, isPanelState(state) ? subjectOf(state) : { runId: null });
  }

  dispose(): void {
    this.#serializer.dispose();
    for (const panel of this.#open.keys()) panel.dispose();
    this.#open.clear();
    this.#sight.dispose();
  }

  #adopt(panel: vscode.WebviewPanel, subject: PanelSubject): void {
    const icon = (theme: string): vscode.Uri => vscode.Uri.joinPath(this.#extensionUri, 'media', `panel-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    const open = new OpenPanel(panel, subject, this.#content, this.#extensionUri, this.#log);
    this.#open.set(panel, open);
    panel.onDidDispose(() => {
      open.dispose();
      this.#open.delete(panel);
      this.#sight.fire();
    });
    panel.onDidChangeViewState(() => {
      this.#sight.fire();
    });
    // The page asks for its first snapshot as soon as it runs, so the listeners above must be there before.
    open.begin();
    this.#sight.fire();
  }

  /** The panel that shows what is wanted, or the same two runs the other way round: what is read is not closed by what is beside it. */
  #nearest(wanted: PanelSubject): [vscode.WebviewPanel, OpenPanel] | undefined {
    const [found] = [...this.#open]
      .map((entry) => ({ entry, nearness: nearness(entry[1].subject, wanted) }))
      .filter((candidate) => candidate.nearness > 0)
      .sort((a, b) => b.nearness - a.nearness);
    return found?.entry;
  }

  /** The panel that may turn to another run: its own has ended, and stands alone. One in sight first, else the one opened last. */
  #toTurn(): [vscode.WebviewPanel, OpenPanel] | undefined {
    const ended = [...this.#open].reverse().filter(([, { subject }]) => {
      const { runId, before } = subject;
      return before === undefined && (runId === null || !this.#content.isUnderWay(runId));
    });
    return ended.find(([panel]) => panel.visible) ?? ended[0];
  }

  /** "Beside" is beside the active editor, which may be a results panel itself: panels keep to the column they have. */
  #column(): vscode.ViewColumn {
    const panels = [...this.#open.keys()].reverse().filter((panel) => panel.viewColumn !== undefined);
    const panel = panels.find(({ visible }) => visible) ?? panels[0];
    return panel?.viewColumn ?? vscode.ViewColumn.Beside;
  }

  #options(): vscode.WebviewOptions {
    return { enableScripts: true, localResourceRoots: [webviewRoot(this.#extensionUri)] };
  }
}

/** Of one panel. */
const mostProblems = 50;
/** What takes longer to be read follows when the page runs. */
const firstPaintWithinMs = 100;

/** One panel's conversation with its page. */
class OpenPanel implements vscode.Disposable {
  #subject: PanelSubject;
  readonly #panel: vscode.WebviewPanel;
  readonly #content: PanelContent;
  readonly #text: PanelText;
  readonly #log: vscode.LogOutputChannel;
  readonly #listeners: vscode.Disposable[];
  readonly #problems: string[] = [];
  #view: View | null = null;
  #drawn: PanelReport['drawn'] = null;
  /** What the page has; undefined: nothing yet. */
  #sent: Extract<HostMessage, { type: 'show' }> | undefined;
  #ready = false;
  #sending = false;
  #again = false;

  constructor(
    panel: vscode.WebviewPanel,
    subject: PanelSubject,
    content: PanelContent,
    extensionUri: vscode.Uri,
    log: vscode.LogOutputChannel,
  ) {
    this.#panel = panel;
    this.#subject = subject;
    this.#content = content;
    this.#text = new PanelText(panel, extensionUri, (seen) => this.#firstPaint(seen), log);
    this.#log = log;
    this.#listeners = [
      panel.webview.onDidReceiveMessage((value: unknown) => {
        this.#receive(value);
      }),
      panel.onDidChangeViewState(() => {
        if (panel.visible) return;
        // A hidden page is gone; it is loaded anew when it is shown again, and says "ready" then.
        this.#forgetPage();
        this.#text.startAnew();
      }),
    ];
  }

  get subject(): PanelSubject {
    return this.#subject;
  }

  /** Shows something else in the same place; the page keeps it from the next snapshot on. */
  turnTo(subject: PanelSubject): void {
    if (subject.runId === this.#subject.runId && subject.before === this.#subject.before) return;
    this.#subject = subject;
    if (!this.#panel.visible) this.#text.startAnew();
    this.#send();
  }

  /** Writes the page. */
  begin(): void {
    void this.#text.begin();
  }

  /** Has what changed shown, now or when the page comes back. */
  refresh(): void {
    if (!this.#panel.visible) void this.#text.renew();
    this.#send();
  }

  /** As HTML; empty where it cannot be had at once, or would be old by the time it is seen. Never rejects. */
  async #firstPaint(seen: 'now' | 'later'): Promise<string> {
    const late = sleep(firstPaintWithinMs, undefined, { ref: false });
    const view = await Promise.race([this.#viewOf(this.#subject), late]);
    if (view === undefined) return '';
    if (seen === 'later' && (view.kind === 'live' || view.kind === 'queued')) return '';
    try {
      const { firstPaint } = await loadFirstPaint();
      return firstPaint(view);
    } catch (error) {
      this.#log.error(`The results are shown later than they might be: ${explain(error)}`);
      return '';
    }
  }

  report(): PanelReport {
    const { title, visible } = this.#panel;
    return { ...this.#subject, title, visible, view: this.#view, drawn: this.#drawn, problems: [...this.#problems] };
  }

  /** One snapshot at a time; what changes meanwhile is in the next one. */
  #send(): void {
    if (!this.#ready) return;
    if (this.#sending) {
      this.#again = true;
      return;
    }
    this.#sending = true;
    void this.#sendNow().finally(() => {
      this.#sending = false;
      if (!this.#again) return;
      this.#again = false;
      this.#send();
    });
  }

  #forgetPage(): void {
    this.#ready = false;
    this.#sent = undefined;
  }

  dispose(): void {
    this.#text.close();
    this.#forgetPage();
    for (const listener of this.#listeners) listener.dispose();
  }

  async #sendNow(): Promise<void> {
    const subject = this.#subject;
    const keep: PanelState = { version: 1, ...subject };
    const view = await this.#viewOf(subject);
    // What was turned to meanwhile has a snapshot of its own, which comes next; who was closed or hidden meanwhile takes none.
    if (subject !== this.#subject || !this.#ready) return;
    this.#view = view;
    const message: HostMessage = { type: 'show', view, keep };
    // What changes elsewhere is often no change here.
    if (isDeepStrictEqual(message, this.#sent)) return;
    this.#sent = message;
    // Whichever way round it shows the two by now.
    if (view.kind === 'comparison') {
      const { before, after } = view.comparison.runs;
      this.#panel.title = comparisonTitle(view.subject, before.id, after.id);
    }
    if (view.kind === 'record') void setContextKey(contextKeys.resultsSeen, true);
    if (view.kind === 'comparison') void setContextKey(contextKeys.comparisonSeen, true);
    await this.#post(message);
  }

  /** What fails is shown in its place: a page that waits for its snapshot must learn why there is none. */
  async #viewOf(subject: PanelSubject): Promise<View> {
    try {
      return await this.#content.view(subject);
    } catch (error) {
      const { message, nextStep } = toBenchError(error, 'loading the results');
      this.#log.error(message);
      return {
        kind: 'problem',
        subject: [subject.before ?? [], subject.runId ?? []]
          .flat()
          .map((id) => runTime(id, vscode.env.language))
          .join(' ↔ '),
        message,
        nextStep: nextStep ?? vscode.l10n.t('Close this panel, and open the results again.'),
        benchmarkAgain: 'unknown',
      };
    }
  }

  #receive(value: unknown): void {
    const message: WebviewMessage | null = parseWebviewMessage(value);
    if (message === null) {
      this.#log.warn('The results page sent a message that does not fit the protocol.');
      void this.#refuse(value);
      return;
    }
    switch (message.type) {
      case 'ready':
        this.#forgetPage();
        this.#ready = true;
        this.#send();
        break;
      case 'request':
        void this.#answer(message.id, message.request);
        break;
      case 'drawn':
        this.#drawn = { kind: message.kind, runId: message.runId, figures: message.figures };
        break;
      case 'page-problem':
        this.#note(message.message);
        break;
    }
  }

  /** A page that fails again and again must fill neither memory nor log. */
  #note(problem: string): void {
    if (this.#problems.length === mostProblems) return;
    this.#problems.push(problem);
    this.#log.error(`The results page: ${problem}`);
    if (this.#problems.length === mostProblems) this.#log.error('The results page: its further problems are left out.');
  }

  /** A page that waits for an answer gets one, whatever else its request was. */
  async #refuse(value: unknown): Promise<void> {
    const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
    if (typeof id !== 'number' || !Number.isSafeInteger(id)) return;
    const message = vscode.l10n.t(
      'The request does not fit what this version of Topology Bench knows, or is too large.',
    );
    await this.#post({ type: 'reply', id, ok: false, message });
  }

  async #answer(id: number, request: PanelRequest): Promise<void> {
    try {
      if (request.kind === 'swap') this.#swap();
      else await this.#content.answer(this.#subject, request);
      await this.#post({ type: 'reply', id, ok: true });
    } catch (error) {
      await this.#post({ type: 'reply', id, ok: false, message: explain(error) });
    }
  }

  #swap(): void {
    const { runId, before } = this.#subject;
    if (runId === null || before === undefined) return;
    this.turnTo({ runId: before, before: runId });
  }

  /** A page that was closed meanwhile takes no message, and that is no failure. */
  async #post(message: HostMessage): Promise<void> {
    try {
      await this.#panel.webview.postMessage(message);
    } catch (error) {
      this.#log.debug(`A message did not reach the results page: ${explain(error)}`);
    }
  }
}

/** How well a panel may turn to what is wanted: it shows that, or the same two runs the other way round. */
function nearness(shown: PanelSubject, wanted: PanelSubject): number {
  if (shown.runId === wanted.runId && shown.before === wanted.before) return 2;
  return wanted.before !== undefined && shown.before === wanted.runId && shown.runId === wanted.before ? 1 : 0;
}

/** The subject alone of all that a page may have kept. */
function subjectOf({ runId, before }: PanelState): PanelSubject {
  return before === undefined ? { runId } : { runId, before };
}
