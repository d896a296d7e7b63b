import { waitUntil } from '@switchyard/testing';
import { CatalogueStore } from '../catalogue/catalogue.store.js';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { fail, speak } from '../testing/small-worker.js';

describe('a change of the price book', () => {
  let stack: SmallStack;
  let edge: RunningEdge;

  const endpoints = (usdPerMillion: number, tiers: object = {}) =>
    ['acme', 'bravo'].map((tag) => {
      const endpoint = anEndpoint({ tag, usdPerMillion, maxCompletionTokens: 1_000 });
      return { ...endpoint, price: { ...endpoint.price, ...tiers } };
    });
  const model = (usdPerMillion: number, tiers: object = {}) =>
    aModel({ id: 'acme/large', endpoints: endpoints(usdPerMillion, tiers) });
  const promptAtEdge = () =>
    edge.app.get(CatalogueStore, { strict: false }).find('acme/large')?.model.endpoints[0]?.price.prompt;
  const ask = (secret: string, body: object = {}) =>
    postJson(`${edge.url}/api/v1/chat/completions`, secret, {
      model: 'acme/large',
      messages: [{ role: 'user', content: 'Say hello.' }],
      provider: { order: ['acme', 'bravo'] },
      ...body,
    });

  beforeAll(async () => {
    stack = await SmallStack.start();
    await stack.worker('acme');
    await stack.worker('bravo');
    await stack.put(model(1));
    edge = await stack.edge();
    await stack.knows(edge, 1);
  }, 60_000);
  afterAll(() => stack.stop(), 60_000);

  it('between two attempts of a request touches neither, and the next request pays it', async () => {
    const { secret } = stack.customer(1);
    const [acme, bravo] = ['acme', 'bravo'].map((name) => stack.workers.get(name)!) as [
      NonNullable<ReturnType<typeof stack.workers.get>>,
      NonNullable<ReturnType<typeof stack.workers.get>>,
    ];
    acme.script = async (scene) => {
      await stack.put(model(7));
      await waitUntil(() => promptAtEdge() === 7_000_000n, { what: 'the new price at the edge' });
      await fail(scene, 'upstream_error');
    };
    bravo.script = (scene) => speak(scene, ['Hel', 'lo']);
    expect((await ask(secret)).status).toBe(200);
    expect(acme.calls.at(-1)?.endpoint.price.prompt).toBe(1_000_000n);
    expect(bravo.calls.at(-1)?.endpoint.price.prompt).toBe(1_000_000n);

    acme.script = (scene) => speak(scene, ['Hel', 'lo']);
    expect((await ask(secret)).status).toBe(200);
    expect(acme.calls.at(-1)?.endpoint.price.prompt).toBe(7_000_000n);
  });

  it('gives attempts the service tier that was asked for, and holds for it', async () => {
    const { secret } = stack.customer(1);
    const acme = stack.workers.get('acme')!;
    await stack.put(model(2, { serviceTiers: { priority: { prompt: 40_000_000n, completion: 40_000_000n } } }));
    await waitUntil(() => promptAtEdge() === 2_000_000n, { what: 'the price with a tier' });
    expect((await ask(secret)).status).toBe(200);
    const standard = acme.calls.at(-1)!;
    expect((await ask(secret, { service_tier: 'priority' })).status).toBe(200);
    const priority = acme.calls.at(-1)!;
    expect(standard.endpoint.price.serviceTiers).toBeUndefined();
    expect(priority.endpoint.price.serviceTiers?.priority?.prompt).toBe(40_000_000n);
    expect(priority.boundNanos).toBe(20n * standard.boundNanos);
  });
});
