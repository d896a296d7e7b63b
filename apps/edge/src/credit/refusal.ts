import { GatewayError, formatUsd, usdNumber } from '@switchyard/contracts';
import type { ApiKey, BudgetInterval, BudgetKind, GrantLease, ReplyOf } from '@switchyard/contracts';

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
  /** The most tokens that the prompt can be, and how many prompt tokens are affordable with no output at all. */
  readonly promptTokens: number;
  readonly affordablePromptTokens: number;
}

/** Money that is lent elsewhere comes back when requests end; most take a few seconds. */
const IN_FLIGHT_RETRY_MS = 2_000;

/** The error of the public API for a refusal, with OpenRouter's sentences, which clients match on (spec 4.5, 5.2 and 5.3). */
export function refusalError(refused: CreditRefused, request: RefusedRequest): GatewayError {
  const { reason } = refused.refusal;
  if (reason === 'budget_exhausted') return budgetError(refused, request);
  if (reason === 'in_flight_budget_exhausted') return inFlightError(refused, request);
  return creditsError(refused, request);
}

/** How a budget is called in public: OpenRouter's words where it has one. */
const SOURCES: Readonly<Record<BudgetKind, { readonly limitSource: string; readonly scope: string }>> = {
  key: { limitSource: 'openrouter_key_limit', scope: 'api_key' },
  user: { limitSource: 'openrouter_guardrail_budget', scope: 'member' },
  workspace: { limitSource: 'openrouter_workspace_budget', scope: 'workspace' },
  account: { limitSource: 'openrouter_account_budget', scope: 'account' },
};

/** `limit_source` and `scope` of the public API for whose budget it is. */
export const limitSource = (kind: BudgetKind): string => SOURCES[kind].limitSource;
export const publicScope = (kind: BudgetKind): string => SOURCES[kind].scope;

function budgetError({ refusal, affordableNanos }: CreditRefused, { key, boundNanos }: RefusedRequest): GatewayError {
  const budget = refusedBudget(refusal, key);
  const { limitSource, scope } = SOURCES[budget.kind];
  const rest = budget.capNanos === null || refusal.spentNanos === null ? 0n : budget.capNanos - refusal.spentNanos;
  // It would fit if nothing else ran: what is set aside for others comes back when they cost less than they could.
  const onlyReserved = rest >= boundNanos;
  const retry = onlyReserved ? { retryAfterMs: IN_FLIGHT_RETRY_MS } : {};
  const metadata = {
    limit_source: limitSource,
    scope,
    ...(budget.capNanos !== null && { limit_usd: usdNumber(budget.capNanos) }),
    ...(refusal.spentNanos !== null && { spend_usd: usdNumber(refusal.spentNanos) }),
    required_usd: usdNumber(boundNanos),
    remaining_usd: usdNumber(affordableNanos),
    ...(onlyReserved && { reason: 'reserved_for_running_requests' }),
    reset_interval: budget.interval === 'total' ? null : budget.interval,
    resets_at: refusal.resetsAt,
  };
  if (budget.kind === 'key')
    return new GatewayError('key_limit_exceeded', {
      message: `Key limit exceeded (${budget.interval} limit). Raise the limit of the key or wait until it resets.`,
      metadata,
      ...retry,
    });
  const word = budget.interval === 'total' ? 'lifetime' : budget.interval;
  const amount = budget.capNanos === null ? '' : ` of ${dollars(budget.capNanos)}`;
  return new GatewayError('budget_exceeded', {
    message: `${OWNERS[budget.kind]} ${word} budget${amount} exceeded. Contact your org admin.`,
    metadata,
    ...retry,
  });
}

const OWNERS = { user: 'User', workspace: 'Workspace', account: 'Account' } as const;

/** What the ledger names of the budget, else what the key knows of it. */
function refusedBudget(refusal: Refusal, key: ApiKey) {
  const known = key.budgets.find(({ scopeId }) => scopeId === refusal.scopeId);
  const own = { kind: 'key' as const, interval: key.limitReset ?? ('total' as const), capNanos: key.limitNanos };
  const fallback: { kind: BudgetKind; interval: BudgetInterval; capNanos: bigint | null } = known ?? own;
  return {
    kind: refusal.scopeKind ?? fallback.kind,
    interval: refusal.interval ?? fallback.interval,
    capNanos: refusal.capNanos ?? fallback.capNanos,
  };
}

function inFlightError({ affordableNanos }: CreditRefused, { boundNanos }: RefusedRequest): GatewayError {
  return new GatewayError('in_flight_budget_exhausted', {
    message:
      'The credit that this request needs is set aside for requests that run. It is free again when they end: ' +
      'try again shortly, add credits, or lower max_tokens.',
    metadata: {
      limit_source: 'openrouter_in_flight_budget',
      reason: 'in_flight_budget_exhausted',
      required_usd: usdNumber(boundNanos),
      available_usd: usdNumber(affordableNanos),
      remedy_hint: 'Wait until running requests have ended, or add credits.',
    },
    retryAfterMs: IN_FLIGHT_RETRY_MS,
  });
}

function creditsError({ affordableNanos }: CreditRefused, request: RefusedRequest): GatewayError {
  const promptFits = request.affordableTokens > 0 || request.affordablePromptTokens >= request.promptTokens;
  return new GatewayError('insufficient_credits', {
    message: promptFits
      ? 'This request requires more credits, or fewer max_tokens. ' +
        `You requested up to ${request.requestedTokens} tokens, but can only afford ${request.affordableTokens}. ` +
        'To increase, add credits to the account.'
      : `Prompt tokens limit exceeded: ${request.promptTokens} > ${request.affordablePromptTokens}. ` +
        'To increase, add credits to the account.',
    metadata: {
      limit_source: 'openrouter_credits',
      reason: 'insufficient_credits',
      required_usd: usdNumber(request.boundNanos),
      available_usd: usdNumber(affordableNanos),
      requested_tokens: request.requestedTokens,
      affordable_tokens: request.affordableTokens,
      prompt_tokens: request.promptTokens,
      affordable_prompt_tokens: request.affordablePromptTokens,
      remedy_hint: promptFits
        ? `Add credits, or lower max_tokens: ${formatUsd(affordableNanos)} USD are available.`
        : `Add credits, or shorten the prompt: ${formatUsd(affordableNanos)} USD are available.`,
    },
  });
}

/** `$500.00`; more places only where cents do not say it. */
function dollars(amountNanos: bigint): string {
  const [whole = '0', fraction = ''] = formatUsd(amountNanos).split('.');
  return `$${whole}.${fraction.padEnd(2, '0')}`;
}
