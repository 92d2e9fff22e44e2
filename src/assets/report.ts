import { join } from 'node:path';
import { planSubject } from '../core/anyPlan.ts';
import type { GpuPrice } from '../core/gpuPrice.ts';
import type { RunRecord } from '../core/record.ts';
import { recordTable } from '../core/view/table.ts';
import { sha256 } from '../hashes/sha256.ts';
import { readOwnFile } from './ownFile.ts';

/**
 * One HTML file that holds everything it needs: data, charts, style. It asks no network for anything, and its own security
 * policy would refuse.
 * @param root folder of the package: the one with dist in it
 * @param gpuPrice what the reader pays for a GPU; null: requests of a GPU-hour are shown, and no price
 * @throws BenchError internal, where the scripts of the page cannot be read
 */
export async function reportPage(
  records: readonly RunRecord[],
  gpuPrice: GpuPrice | null,
  root: string,
): Promise<string> {
  const read = (name: string): Promise<string> => readOwnFile(join(root, 'dist', 'webview', name));
  const [shared, own, style] = await Promise.all([read('shared.js'), read('report.js'), read('report.css')]);
  return reportHtml({ records, gpuPrice, script: `${shared}\n${own}`, style });
}

/** The report as text. Data from records is only ever JSON or escaped text in it. */
function reportHtml(parts: {
  readonly records: readonly RunRecord[];
  readonly gpuPrice: GpuPrice | null;
  readonly script: string;
  readonly style: string;
}): string {
  const { records, gpuPrice } = parts;
  const script = closed(parts.script, 'script');
  const style = closed(parts.style, 'style');
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${sha256Base64(script)}'`,
    `style-src 'sha256-${sha256Base64(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const title = `Topology Bench: ${[...new Set(records.map((record) => planSubject(record.plan)))].join(', ')}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<noscript>
<main>
<p>The charts of this report need JavaScript; its figures are these.</p>
${records.map((record) => `<pre class="plain">${escapeHtml(recordTable(record, gpuPrice))}</pre>`).join('\n')}
</main>
</noscript>
<script type="application/json" id="records">${jsonForHtml(records)}</script>
<script type="application/json" id="gpu-price">${jsonForHtml(gpuPrice)}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** JSON that no HTML parser can take for markup. */
function jsonForHtml(value: unknown): string {
  return JSON.stringify(value).replace(/</g, '\\u003c');
}

/** Code in which nothing ends its element early; "<\/" means the same in strings, regular expressions and CSS. */
function closed(text: string, element: 'script' | 'style'): string {
  return text.replaceAll(new RegExp(`</(?=${element})`, 'gi'), '<\\/').replaceAll('<!--', '<\\!--');
}

function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function sha256Base64(text: string): string {
  return Buffer.from(sha256(text), 'hex').toString('base64');
}
