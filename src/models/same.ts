import type { ModelPlan } from '../core/plan.ts';
import type { ResolvedModel } from './resolve.ts';

/**
 * In which files a model on this machine is not the one of a plan, as clauses that name file and hashes; empty where it is.
 * Only files count: settings are the plan's.
 */
export function modelDifferences(wanted: ModelPlan, found: ResolvedModel): string[] {
  const names = [...new Set([...wanted.files, ...found.model.files].map(({ name }) => name))];
  return names.flatMap((name) => {
    const [want, have] = [wanted, found.model].map(({ files }) => files.find((file) => file.name === name)?.sha256);
    if (want === have) return [];
    const path = found.modelPaths[name] ?? name;
    if (have === undefined) return [`there is no ${name}, which had SHA-256 ${want ?? ''}`];
    if (want === undefined) return [`${path} (SHA-256 ${have}) was no part of the model`];
    return [`${path} (${name}) has SHA-256 ${have}, and had ${want}`];
  });
}
