import type { BookedDay } from '../activity/activity.repository.js';
import { compare } from './compare.js';
import { UNKNOWN_FIGURES, UnreadableExport } from './provider-export.js';
import { readExport } from './read-export.js';

const DAY_START = Date.UTC(2026, 10, 20) / 1000;
const DAY = '2026-11-20';

const openaiUsage = (results: object[], start = DAY_START) => ({
  object: 'page',
  data: [{ object: 'bucket', start_time: start, end_time: start + 86_400, results }],
  has_more: false,
  next_page: null,
});
const openaiLine = (fields: object = {}) => ({
  object: 'organization.usage.completions.result',
  input_tokens: 1000,
  output_tokens: 500,
  input_cached_tokens: 800,
  input_audio_tokens: 0,
  output_audio_tokens: 0,
  num_model_requests: 5,
  project_id: null,
  user_id: null,
  api_key_id: null,
  model: 'gpt-4o-mini-2024-07-18',
  batch: null,
  ...fields,
});

describe('exports of providers', () => {
  it('reads usage of OpenAI, cached tokens apart from the others, and merges pages and lines', () => {
    const pages = [
      openaiUsage([openaiLine(), openaiLine({ batch: true })]),
      openaiUsage([openaiLine()], DAY_START + 86_400),
    ];
    expect(readExport('openai', JSON.stringify(pages))).toEqual({
      format: 'openai-usage-json',
      days: [
        {
          day: DAY,
          model: 'gpt-4o-mini-2024-07-18',
          figures: { ...UNKNOWN_FIGURES, requests: 10, inputTokens: 400, cacheReadTokens: 1600, outputTokens: 1000 },
        },
        {
          day: '2026-11-21',
          model: 'gpt-4o-mini-2024-07-18',
          figures: { ...UNKNOWN_FIGURES, requests: 5, inputTokens: 200, cacheReadTokens: 800, outputTokens: 500 },
        },
      ],
    });
  });

  it('reads the same from the CSV download, with a byte order mark, empty days and quoted cells', () => {
    const csv = [
      '\uFEFFstart_time,end_time,start_time_iso,project_id,num_model_requests,model,input_tokens,output_tokens,input_cached_tokens,input_audio_tokens,output_audio_tokens',
      `${DAY_START - 86_400},${DAY_START},x,,,,,,,,`,
      `${DAY_START},${DAY_START + 86_400},x,"a, b",5,gpt-4o,1000,500,800,,`,
    ].join('\r\n');
    expect(readExport('openai', csv)).toEqual({
      format: 'openai-usage-csv',
      days: [
        {
          day: DAY,
          model: 'gpt-4o',
          figures: { ...UNKNOWN_FIGURES, requests: 5, inputTokens: 200, cacheReadTokens: 800, outputTokens: 500 },
        },
      ],
    });
  });

  it('reads costs of OpenAI in dollars, JSON and CSV, and adds the line items of a model', () => {
    const result = (line_item: string, value: number | string) => ({
      object: 'organization.costs.result',
      amount: { value, currency: 'usd' },
      line_item,
      project_id: null,
    });
    const json = openaiUsage([
      result('gpt-4o, input', 0.0132),
      result('gpt-4o, output', '0.003835980000000000000000000000'),
    ]);
    expect(readExport('openai', JSON.stringify(json)).days).toEqual([
      { day: DAY, model: 'gpt-4o', figures: { ...UNKNOWN_FIGURES, costPicos: 17_035_980_000n } },
    ]);
    const csv = `start_time,amount_value,amount_currency,line_item\n${DAY_START},,,\n${DAY_START},1e-7,usd,"gpt-4o, input"`;
    expect(() => readExport('openai', csv)).toThrow(UnreadableExport);
    expect(readExport('openai', csv.replace('1e-7', '0.0000001')).days[0]?.figures.costPicos).toBe(100_000n);
  });

  it('reads usage of Anthropic with both lifetimes of cache writes, JSON and CSV', () => {
    const figures = {
      ...UNKNOWN_FIGURES,
      inputTokens: 1,
      cacheReadTokens: 2,
      cacheWriteTokens: 3,
      cacheWrite1hTokens: 4,
      outputTokens: 5,
    };
    const days = [{ day: DAY, model: 'claude-haiku-4-5-20251001', figures }];
    const json = {
      data: [
        {
          starting_at: `${DAY}T00:00:00Z`,
          ending_at: '2026-11-21T00:00:00Z',
          results: [
            {
              uncached_input_tokens: 1,
              cache_read_input_tokens: 2,
              cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 },
              output_tokens: 5,
              server_tool_use: { web_search_requests: 0 },
              model: 'claude-haiku-4-5-20251001',
              service_tier: 'standard',
            },
          ],
        },
      ],
      has_more: false,
      next_page: null,
    };
    expect(readExport('anthropic', JSON.stringify(json))).toEqual({ format: 'anthropic-usage-json', days });
    const csv =
      'usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count\n' +
      `${DAY},claude-haiku-4-5-20251001,key,Default,standard,0-200k,1,3,4,2,5,0`;
    expect(readExport('anthropic', csv)).toEqual({ format: 'anthropic-usage-csv', days });
  });

  it('reads the cost report of Anthropic, which counts in cents', () => {
    const report = {
      data: [
        {
          starting_at: `${DAY}T00:00:00Z`,
          results: [
            { amount: '123.4500', currency: 'USD', model: 'claude-haiku-4-5', cost_type: 'tokens' },
            { amount: '1', currency: 'USD', model: null, cost_type: 'web_search' },
          ],
        },
      ],
    };
    expect(readExport('anthropic', JSON.stringify(report)).days).toEqual([
      { day: DAY, model: 'claude-haiku-4-5', figures: { ...UNKNOWN_FIGURES, costPicos: 1_234_500_000_000n } },
      { day: DAY, model: '(web_search)', figures: { ...UNKNOWN_FIGURES, costPicos: 10_000_000_000n } },
    ]);
  });

  it.each([
    ['nothing', '  '],
    ['broken JSON', '{"data": ['],
    ['another JSON', '{"hello": 1}'],
    ['an empty report', JSON.stringify({ data: [] })],
    ['no model', JSON.stringify(openaiUsage([openaiLine({ model: null })]))],
    ['a negative count', JSON.stringify(openaiUsage([openaiLine({ input_tokens: -1 })]))],
    ['a fraction of a token', JSON.stringify(openaiUsage([openaiLine({ output_tokens: 0.5 })]))],
    ['euros', JSON.stringify(openaiUsage([{ amount: { value: 1, currency: 'eur' }, line_item: 'gpt-4o' }]))],
    ['a ragged CSV', 'num_model_requests,model\n1,2,3\n'],
    ['some text', 'dear customer\nyour usage was fine'],
  ])('refuses %s with a sentence', (_, text) => {
    expect(() => readExport('openai', text)).toThrow(UnreadableExport);
  });

  it('says whose exports it knows', () => {
    expect(() => readExport('groq', '{}')).toThrow('No export of groq is known, only of openai, anthropic.');
  });
});

const figures = (fields: Partial<BookedDay['figures']> = {}) => ({
  requests: 5,
  inputTokens: 200,
  cacheReadTokens: 800,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 500,
  costPicos: 1_000_000_000n,
  ...fields,
});

describe('the comparison with a provider', () => {
  const ours = (model: string, day = DAY, fields = {}): BookedDay => ({ day, model, figures: figures(fields) });
  const statuses = (list: readonly { model: string; status: string }[]) =>
    Object.fromEntries(list.map(({ model, status }) => [model, status]));

  it('tells matched, drifting and missing apart, per day and over all', () => {
    const booked = [
      ours('same'),
      ours('more'),
      ours('only-ours'),
      ours('midnight', DAY),
      ours('midnight', '2026-11-21', { requests: 7 }),
    ];
    const billed = [
      ours('same'),
      ours('more', DAY, { outputTokens: 501 }),
      ours('only-theirs'),
      ours('midnight', DAY, { requests: 6 }),
      ours('midnight', '2026-11-21', { requests: 6 }),
    ];
    const { days, models } = compare(booked, billed);
    expect(statuses(models)).toEqual({
      same: 'matched',
      more: 'drifting',
      'only-ours': 'missing_there',
      'only-theirs': 'missing_here',
      midnight: 'matched',
    });
    expect(days.filter(({ model }) => model === 'midnight').map(({ day, status }) => [day, status])).toEqual([
      [DAY, 'drifting'],
      ['2026-11-21', 'drifting'],
    ]);
  });

  it('takes a dated snapshot for the alias that was asked for, unless the snapshot was asked for itself', () => {
    expect(statuses(compare([ours('gpt-4o-mini')], [ours('gpt-4o-mini-2024-07-18')]).models)).toEqual({
      'gpt-4o-mini': 'matched',
    });
    expect(statuses(compare([ours('claude-x-20251001')], [ours('claude-x-20251001')]).models)).toEqual({
      'claude-x-20251001': 'matched',
    });
    expect(statuses(compare([ours('gpt-4o-mini')], [ours('gpt-4o-2024-07-18')]).models)).toEqual({
      'gpt-4o-mini': 'missing_there',
      'gpt-4o-2024-07-18': 'missing_here',
    });
  });

  it('compares only what both sides know, and forgives the rounding of a bill but no more', () => {
    const billed = (costPicos: bigint) => [{ day: DAY, model: 'm', figures: { ...UNKNOWN_FIGURES, costPicos } }];
    expect(compare([ours('m')], billed(1_099_999_999n)).days[0]?.status).toBe('matched');
    expect(compare([ours('m')], billed(1_100_000_000n)).days[0]?.status).toBe('drifting');
    expect(compare([ours('m')], billed(900_000_000n)).days[0]?.status).toBe('drifting');
  });
});
