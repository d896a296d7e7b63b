import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { errorOfResponse, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { begin, delta, fail, speak } from '../testing/small-worker.js';
import type { SmallWorker } from '../testing/small-worker.js';

/** How a provider can fail before it has said anything, as its worker tells. */
const FAILURES = [
  ['a connection that is refused', 'upstream_unreachable', null],
  ['a timeout', 'upstream_timeout', null],
  ['503', 'upstream_error', 503],
  ['429', 'upstream_rate_limited', 429],
] as const;

describe('attempts, by the lines of the list of features', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  let first: SmallWorker;
  let second: SmallWorker;
  let models = 0;

  beforeAll(async () => {
    stack = await SmallStack.start();
    first = (await stack.worker('acme')).service;
    second = (await stack.worker('other')).service;
    edge = await stack.edge({ KEEP_ALIVE_MS: '60000' });
  }, 60_000);
  beforeEach(() => {
    for (const worker of [first, second]) {
      worker.script = (scene) => speak(scene, ['Hello']);
      worker.calls = [];
    }
  });
  afterAll(() => stack.stop(), 60_000);

  /** Of its own for each test: health is remembered by endpoint. */
  const aFreshModel = async (tags: readonly string[], usdPerMillion = 1) => {
    models += 1;
    const id = `fresh/model-${models}`;
    await stack.put(aModel({ id, endpoints: tags.map((tag) => anEndpoint({ tag, usdPerMillion })) }));
    await stack.knows(edge, models);
    return id;
  };
  const ask = (asked: readonly string[], fields: object = {}) =>
    postJson(`${edge.url}/api/v1/chat/completions`, stack.customer(1).secret, {
      models: asked,
      messages: [{ role: 'user', content: 'Hi' }],
      provider: { order: ['acme', 'other'] },
      ...fields,
    });

  it.each(FAILURES)('C 30: %s moves on to the next endpoint', async (_, code, upstreamStatus) => {
    first.script = (scene) => fail(scene, code, { upstreamStatus });
    const response = await ask([await aFreshModel(['acme', 'other'])]);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ provider: 'Other', choices: [{ message: { content: 'Hello' } }] });
    expect(second.calls).toHaveLength(1);
  });

  it('C 30: nobody else is asked once the first token is out', async () => {
    first.script = async (scene) => {
      begin(scene);
      await scene.context.write(delta(scene.call, 'Hel'));
      await fail(scene, 'upstream_disconnected', { phase: 'stream' });
    };
    const response = await ask([await aFreshModel(['acme', 'other'])], { stream: true });
    expect(await response.text()).toContain('"finish_reason":"error"');
    expect([first.calls.length, second.calls.length]).toEqual([1, 0]);
  });

  it.each([
    ['too long a context', 'context_length_exceeded', 400],
    ['429', 'upstream_rate_limited', 429],
    ['503', 'upstream_error', 503],
    ['a refusal', 'content_policy_violation', 403],
  ] as const)('C 45: %s falls through to the next model, and that one is billed', async (_, code, upstreamStatus) => {
    first.script = (scene) => fail(scene, code, { upstreamStatus });
    const [cheap, dear] = [await aFreshModel(['acme']), await aFreshModel(['other'], 7)];
    const response = await ask([cheap, dear]);
    expect(await response.json()).toMatchObject({ model: dear });
    expect(second.calls[0]!.endpoint.price.prompt).toBe(7_000_000n);
  });

  it('C 46: when all fail the last error is the answer, with the earlier ones beside it', async () => {
    first.script = (scene) => fail(scene, 'upstream_overloaded', { upstreamStatus: 503 });
    second.script = (scene) => fail(scene, 'upstream_rate_limited', { upstreamStatus: 429, retryAfterMs: 9_000 });
    const response = await ask([await aFreshModel(['acme', 'other'])]);
    const { metadata } = await errorOfResponse(response);
    expect(response.status).toBe(429);
    expect(metadata).toMatchObject({ code: 'upstream_rate_limited', provider_name: 'Other' });
    expect(metadata['previous_errors']).toEqual(
      expect.arrayContaining([expect.objectContaining({ provider: 'Acme', code: 'upstream_overloaded', status: 503 })]),
    );
  });
});
