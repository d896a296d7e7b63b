import { GatewayError, formatUsd } from '@switchyard/contracts';
import type { FreeTranche } from './free-ledger.js';

/** The answer to a request of a free model beyond the limit, with OpenRouter's sentences (spec 4.5 and 5.1). */
export function freeLimitError({ limitedBy, quota, validMs }: FreeTranche): GatewayError {
  const daily = limitedBy === 'day';
  const window = daily ? quota.day : quota.minute;
  // Both ends are the ledger's, so the clock of this machine has no say in how long to wait.
  const untilDayEndsMs = validMs + Date.parse(quota.day.resetsAt) - Date.parse(quota.minute.resetsAt);
  return new GatewayError('free_model_limit', {
    message: daily
      ? `Rate limit exceeded: free-models-per-day. ${unlock(quota)}`.trimEnd()
      : 'Rate limit exceeded: free-models-per-min.',
    metadata: {
      headers: {
        'X-RateLimit-Limit': String(window.limit),
        'X-RateLimit-Remaining': '0',
        'X-RateLimit-Reset': String(Date.parse(window.resetsAt)),
      },
      limit_source: daily ? 'openrouter_free_tier_daily' : 'openrouter_free_tier_minute',
      resets_at: window.resetsAt,
    },
    retryAfterMs: Math.max(1, daily ? untilDayEndsMs : validMs),
  });
}

/** What would raise the limit, for who has not bought enough yet. */
function unlock({ boughtNanos, thresholdNanos, day, dayLimitAbove }: FreeTranche['quota']): string {
  const higher = dayLimitAbove === 0 || dayLimitAbove > day.limit;
  if (boughtNanos >= thresholdNanos || !higher) return '';
  const many = dayLimitAbove === 0 ? 'unlimited' : String(dayLimitAbove);
  return `Add ${formatUsd(thresholdNanos)} credits to unlock ${many} free model requests per day`;
}
