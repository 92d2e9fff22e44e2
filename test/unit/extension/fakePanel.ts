type Listener = (message: unknown) => void;

/** A webview panel whose page is in the test's hands. */
export class FakePanel {
  #title: string;
  #isClosed = false;
  readonly #closing: (() => void)[] = [];
  readonly #turning: (() => void)[] = [];
  readonly active = true;
  visible = true;
  readonly viewColumn = 2;
  iconPath: unknown;
  reveals = 0;
  readonly posted: unknown[] = [];
  readonly #listeners: Listener[] = [];
  readonly webview = {
    html: '',
    options: {},
    cspSource: 'csp',
    asWebviewUri: (uri: unknown) => uri,
    postMessage: async (message: unknown): Promise<boolean> => {
      this.posted.push(message);
      return true;
    },
    onDidReceiveMessage: (listener: Listener) => {
      this.#listeners.push(listener);
      return { dispose: () => undefined };
    },
  };

  constructor(title: string) {
    this.#title = title;
  }

  /** As VS Code's own, one that is closed takes no title. */
  get title(): string {
    return this.#title;
  }
  set title(title: string) {
    if (this.#isClosed) throw new Error('Webview is disposed');
    this.#title = title;
  }

  /** As when the user closes its tab. */
  dispose(): void {
    this.#isClosed = true;
    for (const listener of this.#closing) listener();
  }

  /** As the page would say it. */
  say(message: unknown): void {
    for (const listener of this.#listeners) listener(message);
  }

  reveal(): void {
    this.reveals += 1;
    this.#turn(true);
  }

  /** As when another tab of its column is chosen. */
  hide(): void {
    this.#turn(false);
  }

  #turn(visible: boolean): void {
    if (this.visible === visible) return;
    this.visible = visible;
    for (const listener of this.#turning) listener();
  }

  onDidChangeViewState(listener: () => void): { dispose(): void } {
    this.#turning.push(listener);
    return { dispose: () => undefined };
  }

  onDidDispose(listener: () => void): { dispose(): void } {
    this.#closing.push(listener);
    return { dispose: () => undefined };
  }
}

/** Those that were made, in order. */
export const panels: FakePanel[] = [];

export function createWebviewPanel(_type: string, title: string): FakePanel {
  const panel = new FakePanel(title);
  panels.push(panel);
  return panel;
}
