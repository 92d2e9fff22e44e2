import { drive } from '../extension/harness/drive.ts';
import { packExtension } from '../extension/harness/package.ts';
import { makeSampleWorkspace } from '../extension/harness/sampleWorkspace.ts';
import { noteClicks, openedPanel } from './paint/opening.ts';
const all: Record<string, { f: number; p: number }[]> = { Open: [], Icon: [], Big: [], Delayed: [] };
await drive('exp', { version: 'newest', vsix: [await packExtension('/tmp/paint-exp/empty-panel', 'exp')], prepare: (f) => makeSampleWorkspace(f, []) }, async ({ workbench }) => {
  await noteClicks(workbench.page);
  const rows = await workbench.view('Empty Panel', 'Rows');
  for (let i = 0; i < 12; i++)
    for (const k of Object.keys(all)) {
      await rows.row(new RegExp(k)).locator.click();
      const o = await openedPanel(workbench.page, false);
      all[k]!.push({ f: Math.round(o.frameMs), p: Math.round(o.paintedMs) });
      await workbench.runCommand('View: Close All Editors');
    }
});
const med = (v: number[]) => v.toSorted((a, b) => a - b)[Math.floor(v.length / 2)];
for (const [k, v] of Object.entries(all)) console.log(k, 'frame', med(v.map((x) => x.f)), 'paint', med(v.map((x) => x.p)), 'min', Math.min(...v.map((x) => x.f)), Math.min(...v.map((x) => x.p)), v.map((x) => x.p).join(' '));
