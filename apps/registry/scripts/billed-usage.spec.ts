import { fixturesDirectory } from '@switchyard/testing';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatPrice, usageOf, type Price } from '@switchyard/contracts';
import { costOf, priceFromUsd } from '@switchyard/pricing';
import { explain, type BilledUsage, type NamedPrice } from './billed-usage.ts';
import { listedPricing, UnusablePrice, type Pricing } from './pricing.ts';
import type { ListedModel } from './sources.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const fixtures = fixturesDirectory();
const withFixtures = fixtures ? describe : describe.skip;

const readJson = <Content>(file: string): Content => JSON.parse(readFileSync(file, 'utf8')) as Content;

function named(list: string, { overrides, service_tiers: _tiers, ...units }: Pricing): NamedPrice {
  return { list, price: priceFromUsd(units as Record<string, string>, list, { ...(overrides && { overrides }) }) };
}

withFixtures(`bills of OpenRouter${fixtures ? '' : ' (skipped: no recordings, set SWITCHYARD_FIXTURES)'}`, () => {
  const lists = new Map<string, Map<string, ListedModel>>();
  const own = new Map<string, Pricing>();
  let rows: BilledUsage[];

  beforeAll(() => {
    const folder = path.join(fixtures ?? '', 'openrouter');
    for (const name of ['models', 'models-2025-12-31']) {
      const { data } = readJson<{ data: ListedModel[] }>(path.join(folder, `${name}.json`));
      // Slugs first: an id may be the slug of another model, and then the id is meant.
      lists.set(
        name,
        new Map([...data.map((m) => [m.canonical_slug, m] as const), ...data.map((m) => [m.id, m] as const)]),
      );
    }
    const data = path.join(here, '../data/endpoints');
    for (const name of readdirSync(data)) {
      type File = { endpoints: { provider: string; model: string; pricing: Pricing }[] };
      for (const { provider, model, pricing } of readJson<File>(path.join(data, name)).endpoints)
        own.set(`${provider} ${model}`, pricing);
    }
    rows = readFileSync(path.join(folder, 'usage-cost.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as BilledUsage);
  });

  function pricesOf(row: BilledUsage): NamedPrice[] {
    const ids = [row.model, row.requested_model];
    const direct = ids.flatMap((id): Pricing[] => {
      const pricing = own.get(`${row.provider.toLowerCase()} ${id}`);
      return pricing ? [pricing] : [];
    });
    const listed = [...lists].flatMap(([list, models]) => {
      const model = ids.map((id) => models.get(id)).find((found) => found !== undefined);
      try {
        return model ? [named(list, listedPricing(model, model.id.endsWith(':free')))] : [];
      } catch (error) {
        if (error instanceof UnusablePrice) return [];
        throw error;
      }
    });
    return [...listed, ...direct.map((pricing) => named('direct', pricing))];
  }

  it('of a model that always searches have the search in the price of the request', () => {
    const response = readJson<BilledUsage>(path.join(fixtures ?? '', 'openrouter/chat-citations--sonar.response.json'));
    const row = { ...response, model: 'perplexity/sonar', requested_model: 'perplexity/sonar' };
    const usage = usageOf({ source: 'reported', inputTokens: 7, outputTokens: 236, requests: 1 });
    const { picos } = costOf(usage, pricesOf(row)[0]!.price, 0);
    expect(formatPrice(picos)).toBe('0.005243');
    // Perplexity rounds its bills to five decimals.
    expect(row.usage.cost).toBe(0.00524);
  });

  it('follow from the reported usage and the price lists, class by class', () => {
    const counts: Record<string, number> = {};
    const surcharges: string[] = [];
    for (const row of rows) {
      const finding = explain(row, pricesOf(row));
      const name = finding.kind === 'listed' ? `${finding.list}, ${finding.exact ? 'exact' : 'rounded'}` : finding.kind;
      counts[name] = (counts[name] ?? 0) + 1;
      if (finding.kind === 'server tool') surcharges.push(formatPrice(finding.surchargePicos));
    }
    // The table of docs/pricing.md: a change here is a change there.
    expect(counts).toEqual({
      'models, exact': 128,
      'models-2025-12-31, exact': 46,
      'direct, exact': 4,
      'own key': 3,
      insured: 2,
      free: 2,
      'server tool': 5,
      'price of the provider': 64,
    });
    expect(surcharges).toEqual(['0.015885', '0.01437', '0.002', '0.007', '0.007']);
  });
});

describe('an explanation', () => {
  const price: Price = { version: 'v1', prompt: 1_000_000n, completion: 2_000_000n };
  const row = (usage: Partial<BilledUsage['usage']>): BilledUsage => ({
    requested_model: 'acme/one',
    model: 'acme/one',
    provider: 'Acme',
    usage: { prompt_tokens: 10, completion_tokens: 5, cost: 0.00002, ...usage } as BilledUsage['usage'],
  });
  const kindOf = (usage: Partial<BilledUsage['usage']> = {}) => explain(row(usage), [{ list: 'list', price }]).kind;
  const parts = (prompt: number, completions: number) => ({
    cost_details: { upstream_inference_prompt_cost: prompt, upstream_inference_completions_cost: completions },
  });

  it('is the list where that gives the cost, and none a nano-dollar beside it', () => {
    expect(kindOf()).toBe('listed');
    expect(kindOf({ cost: 0.000020001 })).toBe('unexplained');
  });

  it('is a price of the provider only where its parts are such prices', () => {
    expect(kindOf({ cost: 0.00004, ...parts(0.00002, 0.00002) })).toBe('price of the provider');
    expect(kindOf({ cost: 0.0000400003, ...parts(0.0000200003, 0.00002) })).toBe('unexplained');
    expect(kindOf({ cost: 0.00005, ...parts(0.00002, 0.00002) })).toBe('unexplained');
  });
});
