import * as vscode from 'vscode';
import { explain } from '../core/errors.ts';
import type { DrawnFigure, HostMessage, PanelRequest, PanelState, View, WebviewMessage } from '../protocol/messages.ts';
import { isPanelState, parseWebviewMessage } from '../protocol/validate.ts';
import { panelType } from './contributions.ts';
import { resultsPage, webviewRoot } from './page.ts';

/** What a panel shows and does, decided by who knows runs and results. */
export interface PanelContent {
  /** The complete snapshot of a run: live, ended, on disk, or why there is none. */
  view(runId: string | null): Promise<View>;
  /** Rejects with a sentence for the user. */
  answer(runId: string | null, request: PanelRequest): Promise<void>;
}

/** The last things that a page said, for tests. */
export interface PanelReport {
  readonly runId: string | null;
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
 * The results panels, one for each run that is looked at, beside the code. A hidden page is thrown away by VS Code and
 * asks for its snapshot again when it comes back.
 */
export class Panels implements vscode.Disposable, vscode.WebviewPanelSerializer {
  readonly #extensionUri: vscode.Uri;
  readonly #content: PanelContent;
  readonly #log: vscode.LogOutputChannel;
  readonly #open = new Map<vscode.WebviewPanel, OpenPanel>();
  readonly #serializer: vscode.Disposable;

  constructor(extensionUri: vscode.Uri, content: PanelContent, log: vscode.LogOutputChannel) {
    this.#extensionUri = extensionUri;
    this.#content = content;
    this.#log = log;
    this.#serializer = vscode.window.registerWebviewPanelSerializer(panelType, this);
  }

  /** Shows a run's panel without taking the focus from the code. */
  show(runId: string, title: string): void {
    for (const [panel, open] of this.#open) {
      if (open.runId !== runId) continue;
      panel.reveal(undefined, true);
      return;
    }
    const place = { viewColumn: this.#column(), preserveFocus: true };
    const panel = vscode.window.createWebviewPanel(panelType, title, place, this.#options());
    this.#adopt(panel, runId);
  }

  /** Sends a fresh snapshot to the panels of a run, or to all. */
  refresh(runId?: string): void {
    for (const open of this.#open.values()) {
      if (runId === undefined || open.runId === runId) open.send();
    }
  }

  /** The run of the panel that has the focus, else of the only one that can be seen. */
  inFront(): string | undefined {
    const open = [...this.#open];
    const active = open.find(([panel]) => panel.active);
    const [seen, ...others] = open.filter(([panel]) => panel.visible);
    const inFront = active ?? (others.length === 0 ? seen : undefined);
    return inFront?.[1].runId ?? undefined;
  }

  reports(): readonly PanelReport[] {
    return [...this.#open.values()].map((open) => open.report());
  }

  /** After a reload of the window: the page comes with what it kept. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    panel.webview.options = this.#options();
    this.#adopt(panel, isPanelState(state) ? state.runId : null);
  }

  dispose(): void {
    this.#serializer.dispose();
    for (const panel of this.#open.keys()) panel.dispose();
    this.#open.clear();
  }

  #adopt(panel: vscode.WebviewPanel, runId: string | null): void {
    const icon = (theme: string): vscode.Uri => vscode.Uri.joinPath(this.#extensionUri, 'media', `panel-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    const open = new OpenPanel(panel, runId, this.#content, this.#log);
    this.#open.set(panel, open);
    panel.onDidDispose(() => {
      open.dispose();
      this.#open.delete(panel);
    });
    // The page asks for its first snapshot as soon as it runs, so the listener above must be there before.
    panel.webview.html = resultsPage(panel.webview, this.#extensionUri);
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

/** One panel's conversation with its page. */
class OpenPanel implements vscode.Disposable {
  readonly runId: string | null;
  readonly #panel: vscode.WebviewPanel;
  readonly #content: PanelContent;
  readonly #log: vscode.LogOutputChannel;
  readonly #listeners: vscode.Disposable[];
  readonly #problems: string[] = [];
  #view: View | null = null;
  #drawn: PanelReport['drawn'] = null;
  #ready = false;
  #sending = false;
  #again = false;

  constructor(panel: vscode.WebviewPanel, runId: string | null, content: PanelContent, log: vscode.LogOutputChannel) {
    this.#panel = panel;
    this.runId = runId;
    this.#content = content;
    this.#log = log;
    this.#listeners = [
      panel.webview.onDidReceiveMessage((value: unknown) => {
        this.#receive(value);
      }),
      panel.onDidChangeViewState(() => {
        // A hidden page is gone; it says "ready" anew when it is shown again.
        if (!panel.visible) this.#ready = false;
      }),
    ];
  }

  report(): PanelReport {
    const { title, visible } = this.#panel;
    return { runId: this.runId, title, visible, view: this.#view, drawn: this.#drawn, problems: [...this.#problems] };
  }

  /** One snapshot at a time; what changes meanwhile is in the next one. */
  send(): void {
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
      this.send();
    });
  }

  dispose(): void {
    this.#ready = false;
    for (const listener of this.#listeners) listener.dispose();
  }

  async #sendNow(): Promise<void> {
    const keep: PanelState = { version: 1, runId: this.runId };
    const view = await this.#content.view(this.runId);
    this.#view = view;
    await this.#post({ type: 'show', view, keep });
  }

  #receive(value: unknown): void {
    const message: WebviewMessage | null = parseWebviewMessage(value);
    if (message === null) {
      this.#log.warn('The results page sent a message that does not fit the protocol.');
      return;
    }
    switch (message.type) {
      case 'ready':
        this.#ready = true;
        this.send();
        break;
      case 'request':
        void this.#answer(message.id, message.request);
        break;
      case 'drawn':
        this.#drawn = { kind: message.kind, runId: message.runId, figures: message.figures };
        break;
      case 'page-problem':
        this.#problems.push(message.message);
        this.#log.error(`The results page: ${message.message}`);
        break;
    }
  }

  async #answer(id: number, request: PanelRequest): Promise<void> {
    try {
      await this.#content.answer(this.runId, request);
      await this.#post({ type: 'reply', id, ok: true });
    } catch (error) {
      await this.#post({ type: 'reply', id, ok: false, message: explain(error) });
    }
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
