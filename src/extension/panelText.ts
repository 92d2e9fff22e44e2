import type * as vscode from 'vscode';
import { explain } from '../core/errors.ts';
import { pageStyle, resultsPage } from './page.ts';

/** As escaped HTML; never rejects. */
export type FirstPaint = (seen: 'now' | 'later') => Promise<string>;

/**
 * The text of one panel's page. VS Code loads it anew whenever the panel comes back into sight, so what it shows first must be
 * what the panel is about by then.
 */
export class PanelText {
  readonly #panel: vscode.WebviewPanel;
  readonly #extensionUri: vscode.Uri;
  readonly #firstPaint: FirstPaint;
  readonly #log: vscode.LogOutputChannel;
  /** undefined: nothing is written yet. */
  #style: string | undefined;
  /** What the text shows first. */
  #painted = '';
  #renewals = 0;
  #closed = false;

  constructor(
    panel: vscode.WebviewPanel,
    extensionUri: vscode.Uri,
    firstPaint: FirstPaint,
    log: vscode.LogOutputChannel,
  ) {
    this.#panel = panel;
    this.#extensionUri = extensionUri;
    this.#firstPaint = firstPaint;
    this.#log = log;
  }

  /** Meanwhile VS Code makes the frame that the page comes into, which takes it longer. Never rejects. */
  async begin(): Promise<void> {
    try {
      const [style, paint] = await Promise.all([pageStyle(this.#extensionUri), this.#firstPaint('now')]);
      this.#style = style;
      if (this.#renewals === 0) this.#write(paint);
      else this.startAnew();
    } catch (error) {
      this.#log.error(`The results page could not be made: ${explain(error)}`);
    }
  }

  /** Of a hidden panel: at once it shows nothing first, then what it is about now. */
  startAnew(): void {
    this.#write('');
    void this.renew();
  }

  /** Of a hidden panel: it shows first what it is about now. Never rejects. */
  async renew(): Promise<void> {
    this.#renewals += 1;
    const own = this.#renewals;
    const paint = await this.#firstPaint('later');
    if (this.#closed || own !== this.#renewals) return;
    // A page in sight would be loaded anew by it.
    if (!this.#panel.visible) this.#write(paint);
  }

  close(): void {
    this.#closed = true;
  }

  #write(paint: string): void {
    if (this.#closed || this.#style === undefined) return;
    const { webview } = this.#panel;
    if (webview.html !== '' && paint === this.#painted) return;
    this.#painted = paint;
    webview.html = resultsPage(webview, this.#extensionUri, this.#style, paint);
  }
}
