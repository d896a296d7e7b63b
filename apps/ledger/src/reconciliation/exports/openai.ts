import { z } from 'zod';
import { UNKNOWN_FIGURES, UnreadableExport, type BilledDay, type ExportFormat } from '../provider-export.js';
import { firstResult, pagesOf, picosOf, utcDay, wholeNumber } from './fields.js';

const count = z.int().nonnegative();

/** `GET /v1/organization/usage/completions` with `group_by=model` (OpenAI's API reference, Usage). */
const UsagePage = z.object({
  data: z.array(
    z.object({
      start_time: z.int(),
      results: z.array(
        z.object({
          model: z.string().nullable(),
          num_model_requests: count,
          input_tokens: count,
          input_cached_tokens: count.nullish(),
          output_tokens: count,
          input_audio_tokens: count.nullish(),
          output_audio_tokens: count.nullish(),
        }),
      ),
    }),
  ),
});

/** `GET /v1/organization/costs` with `group_by=line_item`: dollars, line items such as `gpt-4o-mini, input`. */
const CostPage = z.object({
  data: z.array(
    z.object({
      start_time: z.int(),
      results: z.array(
        z.object({
          amount: z.object({ value: z.union([z.number(), z.string()]), currency: z.string().optional() }),
          line_item: z.string().nullable(),
        }),
      ),
    }),
  ),
});

function named(model: string | null | undefined): string {
  if (!model) throw new UnreadableExport('The export is not grouped by model: export it with group_by=model.');
  return model;
}

/** OpenAI counts cached tokens as a part of the input tokens. */
const figuresOf = (requests: number, input: number, cached: number, output: number): BilledDay['figures'] => ({
  ...UNKNOWN_FIGURES,
  requests,
  inputTokens: Math.max(0, input - cached),
  cacheReadTokens: cached,
  outputTokens: output,
});

export const openaiUsageJson: ExportFormat = {
  name: 'openai-usage-json',
  providers: ['openai'],
  matches: (document) => firstResult(document)?.['num_model_requests'] !== undefined,
  read: (document) =>
    pagesOf(document, UsagePage).flatMap(({ data }) =>
      data.flatMap(({ start_time: start, results }) =>
        results.map((line) => ({
          day: utcDay(start),
          model: named(line.model),
          figures: figuresOf(
            line.num_model_requests,
            line.input_tokens + (line.input_audio_tokens ?? 0),
            line.input_cached_tokens ?? 0,
            line.output_tokens + (line.output_audio_tokens ?? 0),
          ),
        })),
      ),
    ),
};

/** The download of the usage page: the same columns as the API's fields. */
export const openaiUsageCsv: ExportFormat = {
  name: 'openai-usage-csv',
  providers: ['openai'],
  matches: (document) => document.kind === 'csv' && document.columns.includes('num_model_requests'),
  read: (document) =>
    rowsOf(document)
      // Days without usage are rows without a model.
      .filter((row) => (row['model'] ?? '') !== '' || wholeNumber(row, 'num_model_requests') > 0)
      .map((row) => ({
        day: utcDay(wholeNumber(row, 'start_time')),
        model: named(row['model']),
        figures: figuresOf(
          wholeNumber(row, 'num_model_requests'),
          wholeNumber(row, 'input_tokens') + wholeNumber(row, 'input_audio_tokens'),
          wholeNumber(row, 'input_cached_tokens'),
          wholeNumber(row, 'output_tokens') + wholeNumber(row, 'output_audio_tokens'),
        ),
      })),
};

export const openaiCostsJson: ExportFormat = {
  name: 'openai-costs-json',
  providers: ['openai'],
  matches: (document) => {
    const first = firstResult(document);
    return typeof first?.['amount'] === 'object' && first['amount'] !== null && 'line_item' in first;
  },
  read: (document) =>
    pagesOf(document, CostPage).flatMap(({ data }) =>
      data.flatMap(({ start_time: start, results }) =>
        results.map(({ amount, line_item: item }) =>
          costLine(utcDay(start), item, amount.value, amount.currency ?? 'usd'),
        ),
      ),
    ),
};

/** The download of the cost page. */
export const openaiCostsCsv: ExportFormat = {
  name: 'openai-costs-csv',
  providers: ['openai'],
  matches: (document) => document.kind === 'csv' && document.columns.includes('amount_value'),
  read: (document) =>
    rowsOf(document)
      .filter((row) => (row['amount_value'] ?? '') !== '')
      .map((row) =>
        costLine(
          utcDay(wholeNumber(row, 'start_time')),
          row['line_item'] ?? null,
          row['amount_value'] ?? '',
          row['amount_currency'] ?? 'usd',
        ),
      ),
};

function costLine(day: string, item: string | null, amount: string | number, currency: string): BilledDay {
  if (currency.toLowerCase() !== 'usd')
    throw new UnreadableExport(`Amounts in ${currency.slice(0, 8)} cannot be compared.`);
  if (!item) throw new UnreadableExport('The export is not grouped by line item: export it with group_by=line_item.');
  return { day, model: item.split(',')[0]!.trim(), figures: { ...UNKNOWN_FIGURES, costPicos: picosOf(amount) } };
}

const rowsOf = (document: Parameters<ExportFormat['read']>[0]) => (document.kind === 'csv' ? document.rows : []);
