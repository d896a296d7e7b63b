import { GatewayError, formatUsd, usdNumber } from '@switchyard/contracts';
import type { ApiKey, GrantLease, ReplyOf } from '@switchyard/contracts';

export type Refusal = Extract<ReplyOf<typeof GrantLease>, { outcome: 'refused' }>;

/** The ledger will not lend what a request needs. Carries what it would lend, so that the answer can say what is affordable. */
export class CreditRefused extends Error {
  override readonly name = 'CreditRefused';

  constructor(
    readonly refusal: Refusal,
    /** What the key could still spend here: the rest of its lease and what the ledger could lend. */
    readonly affordableNanos: bigint,
  ) {
    super(refusal.reason);
  }
}

export interface RefusedRequest {
  readonly key: ApiKey;
  readonly boundNanos: bigint;
  /** Output tokens asked for, or the model's most when the request names none. */
  readonly requestedTokens: number;
  readonly affordableTokens: number;
}

const WINDOW_NAMES = { daily: 'daily', weekly: 'weekly', monthly: 'monthly', total: 'total' } as const;

/** The error of the public API for a refusal, with OpenRouter's sentences, which clients match on (spec 4.5 and 5.3). */
export function refusalError({ refusal, affordableNanos }: CreditRefused, request: RefusedRequest): GatewayError {
  if (refusal.reason === 'budget_exhausted') {
    const window = WINDOW_NAMES[request.key.limitReset ?? 'total'];
    return new GatewayError('key_limit_exceeded', {
      message: `Key limit exceeded (${window} limit). Raise the limit of the key or wait until it resets.`,
      metadata: {
        limit_source: 'openrouter_key_limit',
        scope: 'api_key',
        ...(request.key.limitNanos !== null && { limit_usd: usdNumber(request.key.limitNanos) }),
        required_usd: usdNumber(request.boundNanos),
        remaining_usd: usdNumber(affordableNanos),
        resets_at: refusal.resetsAt,
      },
    });
  }
  return new GatewayError('insufficient_credits', {
    message:
      'This request requires more credits, or fewer max_tokens. ' +
      `You requested up to ${request.requestedTokens} tokens, but can only afford ${request.affordableTokens}. ` +
      'To increase, add credits to the account.',
    metadata: {
      limit_source: 'openrouter_credits',
      reason: 'insufficient_credits',
      required_usd: usdNumber(request.boundNanos),
      available_usd: usdNumber(affordableNanos),
      requested_tokens: request.requestedTokens,
      affordable_tokens: request.affordableTokens,
      remedy_hint: `Add credits, or lower max_tokens: ${formatUsd(affordableNanos)} USD are available.`,
    },
  });
}
