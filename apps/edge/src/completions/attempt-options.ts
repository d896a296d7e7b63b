import { GatewayError } from '@switchyard/contracts';
import type { AttemptCall } from '@switchyard/contracts';
import type { EdgeConfig } from '../config.js';
import type { AttemptBudget } from './attempt-plan.js';

/** When a second attempt starts beside a slow first one: never, when the endpoint is slower than usual, or after so long. */
export type Hedge =
  | { readonly when: 'never' }
  | { readonly when: 'slow' }
  | { readonly when: 'after'; readonly ms: number };

/** What a client may say about the attempts for its request, with the defaults of this edge filled in. */
export interface AttemptOptions {
  readonly budget: AttemptBudget;
  /** Deadlines that it asks for instead of the usual ones of the endpoint. */
  readonly timeouts: Partial<AttemptCall['timeouts']>;
  readonly hedge: Hedge;
  /** Another endpoint may go on where an answer broke off. */
  readonly continues: boolean;
}

export const HEDGE_HEADER = 'x-switchyard-hedge';
export const CONTINUE_HEADER = 'x-switchyard-continue';
export const LIMITS_HEADER = 'x-switchyard-limits';
const MAX_HEADER_CHARACTERS = 200;
const MIN_HEDGE_MS = 50;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Reads `X-Switchyard-Hedge: on | off | <milliseconds>`, `X-Switchyard-Continue: on | off` and `X-Switchyard-Limits:
 * attempts=3, window=20000, connect=2000, first-token=15000, idle=20000, total=60000` (milliseconds). Limits are cut to what the
 * operator allows.
 * @throws GatewayError `invalid_request`
 */
export function attemptOptionsOf(headers: Headers, config: EdgeConfig): AttemptOptions {
  const limits = limitsOf(headers[LIMITS_HEADER]);
  const within = (name: LimitName, most: number) => Math.min(limits.get(name) ?? most, most);
  const asked = (name: LimitName, most: number) => (limits.has(name) ? within(name, most) : undefined);
  const { UPSTREAM_CONNECT_MS, UPSTREAM_TOTAL_MS } = config;
  const timeouts = {
    connectMs: asked('connect', UPSTREAM_CONNECT_MS),
    firstByteMs: asked('first-token', UPSTREAM_TOTAL_MS),
    idleMs: asked('idle', UPSTREAM_TOTAL_MS),
    totalMs: asked('total', UPSTREAM_TOTAL_MS),
  };
  return {
    budget: {
      maxAttempts: within('attempts', config.MAX_ATTEMPTS),
      windowMs: within('window', config.ATTEMPT_WINDOW_MS),
    },
    timeouts: Object.fromEntries(Object.entries(timeouts).filter(([, ms]) => ms !== undefined)),
    hedge: hedgeOf(headers[HEDGE_HEADER] ?? config.DEFAULT_HEDGE),
    continues: switchOf(CONTINUE_HEADER, headers[CONTINUE_HEADER] ?? config.DEFAULT_CONTINUE),
  };
}

const LIMIT_NAMES = ['attempts', 'window', 'connect', 'first-token', 'idle', 'total'] as const;
type LimitName = (typeof LIMIT_NAMES)[number];

function limitsOf(value: string | string[] | undefined): ReadonlyMap<LimitName, number> {
  const limits = new Map<LimitName, number>();
  if (value === undefined) return limits;
  if (typeof value !== 'string' || value.length > MAX_HEADER_CHARACTERS) throw invalid(LIMITS_HEADER, 'is too long');
  for (const part of value.split(',')) {
    const [, text, number] = /^\s*([a-z-]{1,20})\s*=\s*(\d{1,9})\s*$/.exec(part) ?? [];
    const name = LIMIT_NAMES.find((known) => known === text);
    if (!name || Number(number) < 1)
      throw invalid(LIMITS_HEADER, `must have <name>=<whole number> with names of ${LIMIT_NAMES.join(', ')}`);
    limits.set(name, Number(number));
  }
  return limits;
}

function hedgeOf(value: string | string[]): Hedge {
  if (value === 'off') return { when: 'never' };
  if (value === 'on') return { when: 'slow' };
  const ms = typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : 0;
  if (ms < MIN_HEDGE_MS) throw invalid(HEDGE_HEADER, `must be on, off or milliseconds from ${MIN_HEDGE_MS}`);
  return { when: 'after', ms };
}

function switchOf(name: string, value: string | string[]): boolean {
  if (value !== 'on' && value !== 'off') throw invalid(name, 'must be on or off');
  return value === 'on';
}

const invalid = (name: string, fault: string): GatewayError =>
  new GatewayError('invalid_request', { message: `${name}: ${fault}` });
