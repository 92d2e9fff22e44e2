/** Quantiles of the distributions that intervals are made with. */

/**
 * The value that Student's t exceeds in size with probability `twoSided`, e.g. 0.05 for a 95% interval.
 * @param degrees degrees of freedom, a whole number of at least 1
 */
export function studentT(twoSided: number, degrees: number): number {
  let low = 0;
  let high = Math.PI / 2;
  for (let step = 0; step < 60; step += 1) {
    const angle = (low + high) / 2;
    if (1 - within(angle, degrees) > twoSided) low = angle;
    else high = angle;
  }
  return Math.sqrt(degrees) * Math.tan(low);
}

/** Probability that |t| stays within sqrt(degrees) tan(angle). Source: Abramowitz & Stegun (1964), 26.7.3 and 26.7.4. */
function within(angle: number, degrees: number): number {
  const sine = Math.sin(angle);
  const cosine = Math.cos(angle);
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let power = odd ? 3 : 2; power <= degrees - 2; power += 2) {
    term *= ((power - 1) / power) * cosine * cosine;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
