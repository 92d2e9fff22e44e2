import { PageServer, buildBundles, paintedShares, accessibilityFindings } from '/work/main/test/unit/webview/page.ts';
import { sampleRecord, samplePlan } from '/work/main/test/support/sampleRecord.ts';
import { profilePhases } from '/work/main/src/core/profiles.ts';
import { reportHtml } from '/work/main/src/cli/report.ts';
import { writeFileSync } from 'node:fs';
const bundles = await buildBundles();
await using server = await PageServer.start(bundles);
const base = samplePlan();
const plan = samplePlan({ load: {...base.load, profile:'standard', phases: profilePhases('standard')}, topologies: [...base.topologies, {...base.topologies[1]!, variant:'no-batching', triton:{dynamicBatching:null, instances:2}}]});
const record = sampleRecord({plan});
for (const [theme,width] of [['dark',900],['light',500]] as const) {
  const p = await server.open({theme,width,height:700});
  const d = await p.show({kind:'record', record, subject:'sentiment', canBenchmarkAgain:true, notSaved:null});
  await p.page.waitForTimeout(300);
  console.log(theme, width, d.figures.length, await p.violations(), await accessibilityFindings(p.page));
  await p.page.screenshot({path:`/tmp/tb-shots/standard-${theme}-${width}.png`, fullPage:true});
}
writeFileSync('/tmp/tb-shots/report.html', reportHtml({records:[sampleRecord(), record], script: bundles.report, style: bundles.reportStyle}));
for (const [colorScheme,width] of [['dark',500],['light',900]] as const) {
  const page = await server.openFile('file:///tmp/tb-shots/report.html', {colorScheme, width});
  await page.waitForTimeout(1000);
  console.log('report', await page.evaluate(()=>[(window as any).violations, document.body.dataset['drawn']]), await paintedShares(page), await accessibilityFindings(page));
  await page.screenshot({path:`/tmp/tb-shots/report-${colorScheme}-${width}.png`, fullPage:true});
}
