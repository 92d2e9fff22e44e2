/**
 * The length of the blocks with which a series in time is resampled, in its own steps: long enough that what lies further
 * apart is as good as independent. Source: Politis & White (2004), Automatic block-length selection for the dependent bootstrap,
 * Econometric Reviews 23(1), for the circular bootstrap, as corrected by Patton, Politis & White (2009), 28(4).
 * @returns at least 1, not bounded above: where it is a great part of the series, the series is too short
 */
export function automaticBlockLength(series: readonly number[]): number {
  const { length } = series;
  if (length < 2) return 1;
  const mean = series.reduce((sum, value) => sum + value, 0) / length;
  const deviations = series.map((value) => value - mean);
  // "A few" lags in a row that show nothing end the correlation.
  const few = Math.max(5, Math.ceil(Math.log10(length)));
  const most = Math.min(length - 1, Math.ceil(Math.sqrt(length)) + few);
  const covariances = Array.from({ length: most + 1 }, (_, lag) => autocovariance(deviations, lag));
  const variance = covariances[0] ?? 0;
  if (variance <= 0) return 1;
  const limit = 2 * Math.sqrt(Math.log10(length) / length) * variance;
  const reach = correlationReach(covariances, few, limit);
  const bandwidth = Math.min(2 * reach, most);
  let slope = 0;
  let spectrum = variance;
  for (let lag = 1; lag <= bandwidth; lag += 1) {
    const weighted = 2 * flatTop(lag / bandwidth) * (covariances[lag] ?? 0);
    slope += weighted * lag;
    spectrum += weighted;
  }
  if (spectrum <= 0) return 1;
  return Math.max(1, ((2 * slope ** 2) / ((4 / 3) * spectrum ** 2)) ** (1 / 3) * length ** (1 / 3));
}

/** The lag after which `few` in a row stay within the limit; the last one that does not, where no such row comes. */
function correlationReach(covariances: readonly number[], few: number, limit: number): number {
  let last = 1;
  let quiet = 0;
  for (let lag = 1; lag < covariances.length; lag += 1) {
    if (Math.abs(covariances[lag] ?? 0) > limit) {
      last = lag;
      quiet = 0;
    } else if (++quiet === few) return Math.max(1, lag - few);
  }
  return last;
}

function autocovariance(deviations: readonly number[], lag: number): number {
  let sum = 0;
  for (let at = lag; at < deviations.length; at += 1) sum += (deviations[at] ?? 0) * (deviations[at - lag] ?? 0);
  return sum / deviations.length;
}

/** Flat up to a half, then down to nothing. */
function flatTop(share: number): number {
  return share <= 0.5 ? 1 : 2 * (1 - share);
}
