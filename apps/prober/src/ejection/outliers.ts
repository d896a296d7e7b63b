import { MIN_ENDPOINTS_TO_COMPARE, MIN_REQUESTS_TO_COMPARE, OUTLIER_DEVIATIONS } from './limits.js';

export interface SuccessCount {
  readonly endpointId: string;
  readonly count: number;
  readonly failures: number;
}

/**
 * Endpoints of one model whose success rate is more than 1.9 standard deviations below the mean of all that have enough
 * requests, the worst first. Nothing when too few can be compared.
 */
export function outliersOf(counts: readonly SuccessCount[]): readonly string[] {
  const rates = counts
    .filter(({ count }) => count >= MIN_REQUESTS_TO_COMPARE)
    .map(({ endpointId, count, failures }) => ({ endpointId, rate: 1 - failures / count }));
  if (rates.length < MIN_ENDPOINTS_TO_COMPARE) return [];
  const mean = rates.reduce((sum, { rate }) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, { rate }) => sum + (rate - mean) ** 2, 0) / rates.length;
  const threshold = mean - OUTLIER_DEVIATIONS * Math.sqrt(variance);
  return rates
    .filter(({ rate }) => rate < threshold)
    .sort((left, right) => left.rate - right.rate)
    .map(({ endpointId }) => endpointId);
}
