/** What the results page is made of. */
export interface PageParts {
  /** Made anew for each page. */
  readonly nonce: string;
  /** From where pictures and fonts may come. */
  readonly cspSource: string;
  /** The style sheet's text. */
  readonly style: string;
  /** Addresses of the page's scripts, in their order. */
  readonly scripts: readonly string[];
  /** What is seen before the scripts run, as escaped HTML. */
  readonly firstPaint: string;
}

/**
 * The results page. VS Code shows it once it has loaded all that its text names, each file of which costs a way through a service
 * worker: so the text names none. It brings its style sheet and what is seen first, and fetches its scripts when that is
 * there. Nothing but our own scripts and style elements runs, which bear the nonce, those of the toolkit included.
 */
export function pageHtml({ nonce, cspSource, style, scripts, firstPaint }: PageParts): string {
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    `font-src ${cspSource}`,
    `img-src ${cspSource} data:`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta property="csp-nonce" content="${nonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Topology Bench</title>
<style nonce="${nonce}">${style}</style>
</head>
<body>
<main id="app" aria-busy="true">${firstPaint}</main>
<script nonce="${nonce}">${fetchingScript(nonce, scripts)}</script>
</body>
</html>`;
}

/** Both are fetched at once and run in their order. */
function fetchingScript(nonce: string, scripts: readonly string[]): string {
  const list = JSON.stringify(scripts).replaceAll('<', '\\u003c');
  return `addEventListener('load', () => {
  for (const src of ${list}) document.body.append(Object.assign(document.createElement('script'), { src, nonce: '${nonce}', async: false }));
}, { once: true });`;
}
