/** Colours that the charts take from the editor's theme. */
export interface Theme {
  readonly foreground: string;
  readonly muted: string;
  readonly grid: string;
  readonly background: string;
  readonly font: string;
  /** By series style. */
  readonly series: readonly string[];
}

const seriesVariables = ['blue', 'green', 'orange', 'purple', 'red', 'yellow'].map((name) => `--vscode-charts-${name}`);

export function readTheme(): Theme {
  const style = getComputedStyle(document.body);
  const read = (...names: readonly string[]): string => {
    for (const name of names) {
      const value = style.getPropertyValue(name).trim();
      if (value !== '') return value;
    }
    return style.color;
  };
  const muted = read('--vscode-descriptionForeground', '--vscode-foreground');
  return {
    foreground: read('--vscode-foreground'),
    muted,
    grid: read('--topology-bench-line'),
    background: read('--vscode-editor-background'),
    font: style.fontFamily,
    series: [...seriesVariables.map((name) => read(name)), muted, muted, muted],
  };
}

/** Calls back when the editor's theme has changed: VS Code changes the body's class, the report follows the system. */
export function onThemeChange(changed: () => void): void {
  new MutationObserver(changed).observe(document.body, {
    attributes: true,
    attributeFilter: ['class', 'data-vscode-theme-id'],
  });
  for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)', 'print']) {
    matchMedia(query).addEventListener('change', changed);
  }
}
