/** Variables that name where the files of this repository can be read by anybody; each address ends with the branch or tag. */
export const contentVariable = 'TOPOLOGY_BENCH_BASE_CONTENT_URL';
export const imagesVariable = 'TOPOLOGY_BENCH_BASE_IMAGES_URL';

/**
 * vsce's options for the relative links and pictures of README and CHANGELOG. The pages that show an extension load pictures from
 * https addresses alone, so that a package for release must have them; one to try out keeps them as they are.
 * @throws Error where a release has no addresses, or one of the two is missing or not https
 */
export function linkOptions(isRelease: boolean, environment: Readonly<Record<string, string | undefined>>): string[] {
  const bases = [
    { variable: contentVariable, option: '--baseContentUrl' },
    { variable: imagesVariable, option: '--baseImagesUrl' },
  ].map((base) => ({ ...base, address: environment[base.variable] ?? '' }));
  if (!isRelease && bases.every(({ address }) => address === '')) return ['--no-rewrite-relative-links'];
  for (const { variable, address } of bases) {
    if (/^https:\/\/\S+$/u.test(address)) continue;
    const is = address === '' ? 'is not set' : `is "${address}"`;
    throw new Error(
      `${variable} ${is}: a package for release needs the https address below which ${variable === imagesVariable ? 'pictures' : 'files'} of this repository are found, or README's lead nowhere. Set it, or package without --release.`,
    );
  }
  return bases.flatMap(({ option, address }) => [option, address]);
}
