import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { CreditService } from '../credit/credit.service.js';
import { HealthStore } from '../health/health.store.js';
import { errorOfResponse, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import type { SmallWorker } from '../testing/small-worker.js';

const PROMPT = 'a rather unusual prompt';
const free = { version: 'v1', prompt: 0n, completion: 0n };

interface Explanation {
  readonly requested: string;
  readonly strategy: string;
  readonly candidates: readonly {
    readonly endpoint_id: string;
    readonly reason: string;
    readonly weight: number | null;
    readonly bound: string;
    readonly pricing: Record<string, string>;
    readonly health: { readonly state: string };
  }[];
  readonly excluded: readonly { readonly endpoint_id: string; readonly filter: string }[];
  readonly excluded_by: readonly { readonly reason: string; readonly count: number }[];
  readonly hold: { readonly mode: string; readonly bound: string; readonly set_aside_first: string } | null;
  readonly limits:
    | readonly { readonly limit_source: string; readonly refuses: boolean; readonly waits: boolean }[]
    | null;
  readonly refused_by: readonly string[];
  readonly error: {
    readonly code: number;
    readonly message: string;
    readonly metadata: Record<string, unknown>;
  } | null;
}

describe('a dry run of the router', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  let worker: SmallWorker;
  let secret: string;

  beforeAll(async () => {
    stack = await SmallStack.start();
    worker = (await stack.worker('acme')).service;
    const endpoints = [
      anEndpoint({ tag: 'acme', maxCompletionTokens: 4_000 }),
      anEndpoint({ tag: 'other', usdPerMillion: 2, maxCompletionTokens: 4_000 }),
      anEndpoint({ tag: 'dear', usdPerMillion: 9, maxCompletionTokens: 4_000 }),
    ];
    await stack.put(
      aModel({ endpoints }),
      aModel({ id: 'acme/sick', endpoints }),
      aModel({ id: 'acme/small:free', endpoints: [anEndpoint({ tag: 'acme', price: free })] }),
    );
    edge = await stack.edge();
    await stack.knows(edge, 3);
    ({ secret } = stack.customer(5));
  }, 60_000);
  beforeEach(() => (worker.calls = []));
  afterAll(() => stack.stop(), 60_000);

  const bodyOf = (fields: object) => ({
    model: 'acme/large',
    messages: [{ role: 'user', content: PROMPT }],
    max_tokens: 100,
    ...fields,
  });
  const ask = (fields: object = {}, key = secret, headers: Record<string, string> = {}) =>
    postJson(`${edge.url}/api/v1/route/explain`, key, bodyOf(fields), { headers });
  const explain = async (...args: Parameters<typeof ask>): Promise<Explanation> => {
    const response = await ask(...args);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).not.toContain('unusual');
    return (JSON.parse(text) as { data: Explanation }).data;
  };
  const tagsOf = ({ candidates }: Explanation) => candidates.map(({ endpoint_id: id }) => id.split(':', 1)[0]);

  it('shows candidates in their order with price, chance, bound and health, and calls and holds nothing', async () => {
    const told = await explain({ provider: { max_price: { prompt: 3 } } });
    expect(told).toMatchObject({ requested: 'acme/large', strategy: 'direct', error: null, refused_by: [] });
    expect(new Set(tagsOf(told))).toEqual(new Set(['acme', 'other']));
    const byTag = new Map(told.candidates.map((one) => [one.endpoint_id.split(':', 1)[0], one]));
    expect(byTag.get('acme')).toMatchObject({
      weight: 0.8,
      pricing: { prompt: '0.000001', completion: '0.000001' },
      health: { state: 'healthy', latency_ms: null, throughput: null },
    });
    expect(byTag.get('other')!.weight).toBeCloseTo(0.2, 9);
    expect(told.excluded).toMatchObject([{ endpoint_id: 'dear:acme/large', provider: 'dear', filter: 'max_price' }]);
    expect(told.excluded_by).toEqual([{ reason: 'max_price', count: 1 }]);
    // What is set aside is the bound of the dearest of those who may serve.
    expect(told.hold).toMatchObject({ mode: 'full', bound: byTag.get('other')!.bound });
    expect(worker.calls).toEqual([]);
    expect(edge.app.get(CreditService, { strict: false }).activeLeases).toBe(0);
  });

  it('has no chances where nothing is drawn', async () => {
    const told = await explain({ provider: { order: ['dear'], only: ['dear', 'acme'] } });
    expect(tagsOf(told)).toEqual(['dear', 'acme']);
    expect(
      (await explain({ provider: { sort: 'price' } })).candidates.map(({ reason, weight }) => [reason, weight]),
    ).toEqual([
      ['sort_price', null],
      ['sort_price', null],
      ['sort_price', null],
    ]);
  });

  it('tells of the same order and the same bound as the request that follows', async () => {
    const fields = { provider: { sort: 'price', allow_fallbacks: false }, stream: false };
    const told = await explain(fields);
    const response = await postJson(`${edge.url}/api/v1/chat/completions`, secret, bodyOf(fields));
    await response.text();
    const id = response.headers.get('x-generation-id')!;
    const record = await fetch(`${edge.url}/api/v1/generation?id=${id}`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    const { data } = (await record.json()) as { data: { bound: string; attempts: { endpoint_id: string }[] } };
    expect(data.attempts.map(({ endpoint_id: endpoint }) => endpoint)).toEqual(
      told.candidates.map(({ endpoint_id: endpoint }) => endpoint),
    );
    expect(data.bound).toBe(told.hold!.bound);
  });

  it('tells of the error that the request would get, and of what each filter left out', async () => {
    const fields = { provider: { only: ['acme'], ignore: ['acme'] } };
    const told = await explain(fields);
    const refused = await errorOfResponse(
      await postJson(`${edge.url}/api/v1/chat/completions`, secret, bodyOf(fields)),
    );
    expect(told).toMatchObject({ candidates: [], hold: null, limits: null, error: refused });
    expect(told.error!.code).toBe(404);
    expect(told.excluded.map(({ filter }) => filter).sort()).toEqual([
      'allowed_providers',
      'allowed_providers',
      'ignored_providers',
    ]);
    const strict = await explain({ seed: 1 }, secret, { 'x-switchyard-strict': 'true' });
    expect(strict.error).toMatchObject({ code: 400, metadata: { code: 'unsupported_parameter' } });
    expect((await explain({ model: 'acme/none' })).error!.message).toBe('acme/none is not a valid model ID');
  });

  it('refuses what a completion would refuse before it is routed', async () => {
    for (const fields of [{ messages: 'x' }, { provider: { order: 5 } }]) {
      const response = await ask(fields);
      expect([response.status, (await errorOfResponse(response)).metadata['code']]).toEqual([400, 'invalid_request']);
    }
    expect((await ask({}, 'sk-sy-v1-wrong')).status).toBe(401);
    const manager = stack.auth.add({ kind: 'management' });
    expect((await ask({}, manager.secret)).status).toBe(403);
  });

  it('holds in steps where the request would', async () => {
    const told = await explain({ stream: true, max_tokens: 3_000 }, secret, { 'x-switchyard-hold': 'stepped' });
    // Which providers stop a bill is known of real ones alone, so here everything is held.
    expect(told.hold!.mode).toBe('full');
    expect(told.hold!.set_aside_first).toBe(told.hold!.bound);
  });

  it('names the limits that would refuse: of the key, of the credit, and of free models', async () => {
    const limited = stack.customer(5, { limitNanos: 1n });
    const capped = await explain({}, limited.secret);
    expect(capped.refused_by).toEqual(['openrouter_key_limit']);
    expect(capped.limits).toMatchObject([
      { limit_source: 'openrouter_key_limit', scope: 'api_key', refuses: true, limit_usd: 1e-9, spend_usd: 0 },
      { limit_source: 'openrouter_credits', refuses: false, waits: false, remaining_usd: 5 },
    ]);
    const poor = await explain({}, stack.customer(0).secret);
    expect(poor.refused_by).toEqual(['openrouter_credits']);
    const guest = stack.customer(0);
    stack.quota.used.set(guest.key.accountId, 20);
    const throttled = await explain({ model: 'acme/small:free' }, guest.secret);
    expect(throttled.refused_by).toEqual(['openrouter_free_tier_minute']);
    expect(throttled.limits![0]).toMatchObject({ limit: 20, used: 20 });
    expect(stack.quota.used.get(guest.key.accountId)).toBe(20);
  });

  it('claims no trial of an endpoint that is half open, and shows its condition', async () => {
    const health = edge.app.get(HealthStore, { strict: false });
    const claimed: string[] = [];
    const claimTrial = health.claimTrial.bind(health);
    health.claimTrial = (id, nowMs) => {
      claimed.push(id);
      claimTrial(id, nowMs);
    };
    for (let failure = 0; failure < 5; failure += 1) health.observe('acme:acme/sick', 'failure');
    const told = await explain({ model: 'acme/sick' });
    expect(told.candidates.at(-1)).toMatchObject({ endpoint_id: 'acme:acme/sick', reason: 'ejected', weight: null });
    expect(told.candidates.at(-1)!.health.state).toBe('ejected');
    expect(claimed).toEqual([]);
  });
});
