import { CACHE_TTL_SECONDS, GatewayError, isStorable, LimitReset, MAX_TRANSFER_NANOS } from '@switchyard/contracts';
import { parseUsdNanos } from '@switchyard/contracts';
import { z } from 'zod';
import { RoutingBody } from './routing-body.js';

/** US dollars as clients send them, a JSON number or a decimal string, as nano-USD. Never rounded: more than nine places are refused. */
export const usdAmount = z.union([z.number(), z.string()]).transform((value, context) => {
  try {
    const nanos = parseUsdNanos(typeof value === 'number' ? decimalOf(value) : value);
    if (nanos >= 0n && nanos <= MAX_TRANSFER_NANOS) return nanos;
  } catch {
    // Falls through to the one message for everything that is no amount.
  }
  context.addIssue({ code: 'custom', message: 'must be an amount of US dollars from 0 with at most 9 decimal places' });
  return z.NEVER;
});

/** JavaScript writes small numbers as `1e-7`; the shortest text that is the same number, without exponent. */
function decimalOf(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(12).replace(/\.?0+$/, '') : text;
}

/** OpenRouter takes times of UTC only (spec 1.3). */
const utcTime = z.iso.datetime({ message: 'must be an ISO 8601 time in UTC' });
/** Text that is kept as it was sent: what the database would refuse or change is refused here. */
export const text = (most: number) => z.string().max(most).refine(isStorable, 'has characters that cannot be stored');
const name = text(200).trim().min(1);

/** What may be kept of the requests of a key. The names are those of OpenRouter's presets (spec 3.10). */
const keeping = {
  cache_enabled: z.boolean().nullable().optional(),
  cache_ttl_seconds: z.int().min(CACHE_TTL_SECONDS.least).max(CACHE_TTL_SECONDS.most).nullable().optional(),
  store_responses: z.boolean().optional(),
};

/** Body of `POST /keys`. */
export const CreateKeyBody = z.object({
  name,
  limit: usdAmount.nullish(),
  limit_reset: LimitReset.nullish(),
  include_byok_in_limit: z.boolean().optional(),
  expires_at: utcTime.nullish(),
  creator_user_id: text(200).nullish(),
  external_user: text(200).nullish(),
  routing: RoutingBody.nullish(),
  ...keeping,
});

/** Body of `PATCH /keys/{hash}`: absent keeps, null clears. */
export const UpdateKeyBody = z.object({
  name: name.optional(),
  disabled: z.boolean().optional(),
  limit: usdAmount.nullable().optional(),
  limit_reset: LimitReset.nullable().optional(),
  include_byok_in_limit: z.boolean().optional(),
  ...keeping,
  routing: RoutingBody.nullable().optional(),
});

/** Body of `POST /deposits`. */
export const DepositBody = z.object({
  amount: usdAmount.refine((nanos) => nanos > 0n, 'must be more than 0'),
  source: z
    .string()
    .regex(/^[a-z0-9_-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9, _ and -')
    .default('api'),
  external_id: text(200).min(1),
  note: text(500).nullish(),
});

export const ListKeysQuery = z.object({
  offset: z.coerce.number().int().nonnegative().default(0),
  include_disabled: z
    .enum(['true', 'false', '1', '0'])
    .default('false')
    .transform((text) => text === 'true' || text === '1'),
});

/** Parses what a client sent. @throws GatewayError `invalid_request` that names the path of the first fault. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new GatewayError('invalid_request', {
    message: `${path === '' ? 'The request' : path}: ${issue?.message ?? 'not valid'}`,
    metadata: { path },
  });
}
