import { GatewayError, MODALITIES } from '@switchyard/contracts';
import { z } from 'zod';

/** Sorts of OpenRouter. Those without facts here (`most-popular`, benchmark scores, …) are valid and keep the default order. */
const SORTS = [
  'most-popular',
  'newest',
  'top-weekly',
  'pricing-low-to-high',
  'pricing-high-to-low',
  'context-high-to-low',
  'throughput-high-to-low',
  'latency-low-to-high',
  'intelligence-high-to-low',
  'coding-high-to-low',
  'agentic-high-to-low',
  'design-arena-elo-high-to-low',
] as const;

/** Filters of OpenRouter whose facts no catalogue of ours has: refused, because to ignore a filter is to answer wrongly. */
const WITHOUT_FACTS = [
  'category',
  'distillable',
  'region',
  'use_rss',
  'use_rss_chat_links',
  'min_intelligence_index',
  'max_intelligence_index',
  'min_coding_index',
  'max_coding_index',
  'min_agentic_index',
  'max_agentic_index',
  'min_tool_success_rate',
  'max_tool_success_rate',
] as const;

const MAX_TEXT = 1_000;
const text = z.string({ error: 'give it once' }).max(MAX_TEXT);
const list = text
  .transform((value) => value.split(',').map((one) => one.trim()))
  .pipe(z.array(z.string().min(1)).min(1));
const lowerList = list.transform((values) => values.map((value) => value.toLowerCase()));
const modalities = list.pipe(z.array(z.enum(MODALITIES)));
const number = text.regex(/^\d{1,15}(\.\d{1,15})?$/, 'must be a number of zero or more').transform(Number);
const integer = (least: number, most: number) =>
  text
    .regex(/^\d{1,12}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(least).max(most));
const nothing = z.undefined({ error: 'this gateway has no facts to filter by' });

const ListingQuery = z.object({
  offset: integer(0, 1_000_000).optional(),
  limit: integer(1, 1_000).optional(),
  q: text.optional(),
  sort: z.enum(SORTS).optional(),
  supported_parameters: list.optional(),
  input_modalities: modalities.optional(),
  output_modalities: z.literal('all').or(modalities).default(['text']),
  context: integer(1, 1_000_000_000).optional(),
  min_price: number.optional(),
  max_price: number.optional(),
  min_output_price: number.optional(),
  max_output_price: number.optional(),
  model_authors: lowerList.optional(),
  providers: lowerList.optional(),
  arch: text.optional(),
  zdr: z.literal('true').optional(),
  min_age_days: integer(0, 100_000).optional(),
  max_age_days: integer(0, 100_000).optional(),
  ...(Object.fromEntries(WITHOUT_FACTS.map((name) => [name, nothing.optional()])) as Record<
    (typeof WITHOUT_FACTS)[number],
    z.ZodOptional<typeof nothing>
  >),
});
export type ListingQuery = z.output<typeof ListingQuery>;

/** Whether a query says nothing at all: the listing that most clients ask for. */
export const isPlain = (query: Readonly<Record<string, unknown>>): boolean => {
  for (const _name in query) return false;
  return true;
};

/**
 * Reads the query of `GET /models` (spec 1.2). Names that OpenRouter does not have are ignored.
 * @throws GatewayError `invalid_request` that names the parameter
 */
export function parseListingQuery(query: unknown): ListingQuery {
  const result = ListingQuery.safeParse(query);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const parameter = String(issue?.path[0] ?? 'query');
  throw new GatewayError('invalid_request', {
    message: `The query parameter "${parameter}" is not valid: ${issue?.message ?? 'unknown fault'}.`,
    metadata: { parameter },
  });
}
