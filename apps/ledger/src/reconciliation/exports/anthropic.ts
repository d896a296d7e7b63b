import { z } from 'zod';
import { UNKNOWN_FIGURES, UnreadableExport, type BilledDay, type ExportFormat } from '../provider-export.js';
import { firstResult, pagesOf, picosOf, wholeNumber } from './fields.js';

const count = z.int().nonnegative();

/** `GET /v1/organizations/usage_report/messages` with `group_by[]=model` (Anthropic's Admin API, usage and cost). */
const UsagePage = z.object({
  data: z.array(
    z.object({
      starting_at: z.string().min(10),
      results: z.array(
        z.object({
          model: z.string().nullable(),
          uncached_input_tokens: count,
          cache_read_input_tokens: count.nullish(),
          cache_creation: z
            .object({ ephemeral_5m_input_tokens: count.nullish(), ephemeral_1h_input_tokens: count.nullish() })
            .nullish(),
          output_tokens: count,
        }),
      ),
    }),
  ),
});

/** `GET /v1/organizations/cost_report` with `group_by[]=description`: cents as decimal text. Priority tier is not in it. */
const CostPage = z.object({
  data: z.array(
    z.object({
      starting_at: z.string().min(10),
      results: z.array(
        z.object({
          amount: z.string(),
          currency: z.string().nullish(),
          model: z.string().nullish(),
          cost_type: z.string().nullish(),
        }),
      ),
    }),
  ),
});

const dayOf = (text: string): string => {
  const day = text.slice(0, 10);
  if (!z.iso.date().safeParse(day).success) throw new UnreadableExport('A line has no day.');
  return day;
};

function named(model: string | null | undefined): string {
  if (!model) throw new UnreadableExport('The export is not grouped by model: export it with group_by[]=model.');
  return model;
}

export const anthropicUsageJson: ExportFormat = {
  name: 'anthropic-usage-json',
  providers: ['anthropic'],
  matches: (document) => firstResult(document)?.['uncached_input_tokens'] !== undefined,
  read: (document) =>
    pagesOf(document, UsagePage).flatMap(({ data }) =>
      data.flatMap(({ starting_at: start, results }) =>
        results.map((line): BilledDay => ({
          day: dayOf(start),
          model: named(line.model),
          figures: {
            ...UNKNOWN_FIGURES,
            inputTokens: line.uncached_input_tokens,
            cacheReadTokens: line.cache_read_input_tokens ?? 0,
            cacheWriteTokens: line.cache_creation?.ephemeral_5m_input_tokens ?? 0,
            cacheWrite1hTokens: line.cache_creation?.ephemeral_1h_input_tokens ?? 0,
            outputTokens: line.output_tokens,
          },
        })),
      ),
    ),
};

/** The download of the Console's usage page. */
export const anthropicUsageCsv: ExportFormat = {
  name: 'anthropic-usage-csv',
  providers: ['anthropic'],
  matches: (document) => document.kind === 'csv' && document.columns.includes('usage_input_tokens_no_cache'),
  read: (document) =>
    (document.kind === 'csv' ? document.rows : []).map((row) => ({
      day: dayOf(row['usage_date_utc'] ?? ''),
      model: named(row['model_version']),
      figures: {
        ...UNKNOWN_FIGURES,
        inputTokens: wholeNumber(row, 'usage_input_tokens_no_cache'),
        cacheReadTokens: wholeNumber(row, 'usage_input_tokens_cache_read'),
        cacheWriteTokens: wholeNumber(row, 'usage_input_tokens_cache_write_5m'),
        cacheWrite1hTokens: wholeNumber(row, 'usage_input_tokens_cache_write_1h'),
        outputTokens: wholeNumber(row, 'usage_output_tokens'),
      },
    })),
};

const CENTS = 2;

export const anthropicCostJson: ExportFormat = {
  name: 'anthropic-cost-json',
  providers: ['anthropic'],
  matches: (document) => typeof firstResult(document)?.['amount'] === 'string',
  read: (document) =>
    pagesOf(document, CostPage).flatMap(({ data }) =>
      data.flatMap(({ starting_at: start, results }) =>
        results.map(({ amount, currency, model, cost_type: type }) => {
          if ((currency ?? 'USD').toUpperCase() !== 'USD')
            throw new UnreadableExport(`Amounts in ${(currency ?? '').slice(0, 8)} cannot be compared.`);
          // Searches and sessions are billed under no model.
          return {
            day: dayOf(start),
            model: model ?? `(${type ?? 'other'})`,
            figures: { ...UNKNOWN_FIGURES, costPicos: picosOf(amount, CENTS) },
          };
        }),
      ),
    ),
};
