import { PageServer, buildBundles, paintedShares, accessibilityFindings, type ThemeName } from '/work/main/test/unit/webview/page.ts';
import { sampleRecord, failedResult, sampleLocalPlan, samplePlan } from '/work/main/test/support/sampleRecord.ts';
import { sampleState } from '/work/main/test/support/sampleState.ts';
import type { View } from '/work/main/src/protocol/messages.ts';
void [failedResult, sampleLocalPlan, samplePlan];
await using server = await PageServer.start(await buildBundles());
const record = sampleRecord();
const now = (s: ReturnType<typeof sampleState>) => ({...s, startedAt: new Date(Date.now()-95_000).toISOString()});
const live = (u: Parameters<typeof sampleState>[1], cancelling=false): View => ({kind:'live', state: now(sampleState(record,u)), subject:'sentiment', cancelling});
const rec = (r: typeof record, notSaved: string|null=null): View => ({ kind: 'record', record: r, subject: 'sentiment', canBenchmarkAgain: notSaved===null, notSaved });
const failed = sampleRecord({ change: (x) => x.topology.name === 'triton' ? failedResult(x) : x, record: {status:'failed', warnings: ['The counters of hybrid could not be read: connection refused.']} });
const allFailed = sampleRecord({ change: (x) => ({...failedResult(x), failure: {reason:'image-unavailable', message:'The image nvcr.io/nvidia/tritonserver:99.99-py3 cannot be pulled (ErrImagePull: manifest unknown).', nextStep:'Set "topologyBench.images.triton" to a tag that exists.'}}), record: {status:'failed', sameAnswers:{verdict:'not compared', detail:'fewer than two topologies answered'}} });
const cpu = sampleRecord({ plan: samplePlan({allowCpuProvider:true, load: {...samplePlan().load, vantage:'this-machine'}}), change: (x)=> x.topology.name!=='fastapi' ? x : {...x, phases: x.phases.map((p)=> p.connections===32&&p.kind==='measured' ? {...p, measurement:{...p.measurement, requests:{...p.measurement.requests, errors: 61, timeouts: 12, ok: p.measurement.requests.ok-61}, errorsByKind:{timeout:12,'HTTP 500':49}}, validity:{valid:false, reasons:['errors: 2.7% of the requests sent failed (HTTP 500: 49, timeout: 12); the limit is 1.0%'], caveats:p.validity.caveats}} : p.connections===1&&p.kind==='measured' ? {...p, measurement:{...p.measurement, latency:{...p.measurement.latency, p95Ms:null,p99Ms:null, samples:61}}, validity:{valid:false, reasons:['insufficient samples: 61 successes, and p95 needs 90'], caveats:p.validity.caveats}} : p)} , record: {sameAnswers:{verdict:'differed', detail:'hybrid against fastapi: input 3: logits differ by 0.41'}}});
const shots: [string, View, ThemeName, number][] = [
 ['live-preflight', live('preflight'), 'dark', 500], ['live-upload', live('upload'),'dark',500], ['live-waiting', live('waiting'),'light',500], ['live-loading', live('loading'),'dark',500],['live-loading', live('loading'),'light',900],
 ['live-cleaning', live('cleaning'),'dark',500], ['cancelling', live('loading',true),'high-contrast',500],
 ['partial', rec(failed),'dark',500], ['allfailed', rec(allFailed),'light',500], ['cpu-invalid', rec(cpu,'The disk is full (ENOSPC); free some space and run again.'),'dark',500],
 ['queued', {kind:'queued', subject:'sentiment', message:'Another run uses nvidia.com/gpu on this context; this one starts when it has ended.', cancelling:false},'dark',500],
 ['problem', {kind:'problem', subject:'sentiment', message:'The API server at the current context does not answer (connect ECONNREFUSED).', nextStep:'Check the context with "kubectl cluster-info".', canBenchmarkAgain:true},'light',500],
];
const only = process.argv[2];
for (const [name, view, theme, width] of shots) {
  if (only && !name.includes(only)) continue;
  const p = await server.open({theme,width,height:600});
  const d = await p.show(view);
  await p.page.waitForTimeout(300);
  console.log(name, theme,width,d.figures.length, await p.violations(), await paintedShares(p.page), await accessibilityFindings(p.page), (await p.messages()).filter(m=>m.type==='page-problem'));
  await p.page.screenshot({path:`/tmp/tb-shots/${name}-${theme}-${width}.png`, fullPage:true});
  await p.page.close();
}
