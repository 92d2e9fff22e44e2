import type { Assets } from '../assets/assets.ts';
import type { Plan } from '../core/plan.ts';
import { renderAnchor } from '../topologies/anchor.ts';
import type { Anchor } from '../topologies/labels.ts';
import { manifestText } from '../topologies/manifestText.ts';
import type { Manifest } from '../topologies/objects.ts';
import { renderTopology } from '../topologies/render.ts';
import { checkedPackageIndex } from './packageIndex.ts';
import { namespaceOf } from './preflight.ts';
import { modelManifestSha256 } from './upload.ts';

/** Every object of a plan's topologies as a run would apply them, for people to review; asks no cluster. */
export async function renderManifests(parts: {
  plan: Plan;
  assets: Assets;
  packageIndexUrl: string | undefined;
}): Promise<{ text: string; objects: Manifest[] }> {
  const { plan, assets } = parts;
  const anchor: Anchor = { kind: 'run', id: 'run-id', namespace: namespaceOf(plan), uid: null };
  const servingFiles = await assets.servingFiles();
  const requirements = await assets.requirements(plan.images.requirements);
  const objects: Manifest[] = [renderAnchor(anchor, plan, null, {})];
  for (const topology of plan.topologies) {
    const rendered = renderTopology({
      plan,
      topology,
      anchor,
      servingFiles,
      requirements,
      packageIndexUrl: checkedPackageIndex(parts.packageIndexUrl),
      modelManifestSha256: modelManifestSha256(plan.model.files),
      apiKey: 'made-anew-for-each-run',
      runtimeClassExists: true,
    });
    objects.push(...rendered.objects);
  }
  return { text: manifestText(objects), objects };
}
