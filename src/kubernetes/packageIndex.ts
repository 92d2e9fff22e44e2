import { BenchError } from '../core/errors.ts';

/**
 * The package index that pods are told of. It stands in their specs, which everybody with the right to see pods may read.
 * @throws BenchError plan-invalid when the address holds a user name or password
 */
export function checkedPackageIndex(url: string | undefined): string | null {
  if (url === undefined) return null;
  if (!/^https?:\/\/[^/?#\s]+/iu.test(url)) {
    throw refused(
      'is no address that begins with http:// or https://',
      'Correct it (topologyBench.packageIndexUrl in VS Code, --package-index on the command line).',
    );
  }
  if (/^https?:\/\/[^/?#]*@/iu.test(url)) {
    throw refused(
      'holds a user name or a password, which everybody who may see the pods could read',
      'Name an index that needs none, or use prebuilt images.',
    );
  }
  return url;
}

function refused(why: string, nextStep: string): BenchError {
  return new BenchError({ reason: 'plan-invalid', message: `The package index ${why}.`, nextStep });
}
